//! Model folders, adapters and training.

use ::train::TrainError;
use hub::HubError;
use model::{FileProblem, ModelError};
use serve::AssistantError;

use super::system;

/// What to do about an error of a model or of its training.
pub fn of(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    None.or_else(|| error.downcast_ref().and_then(of_model))
        .or_else(|| error.downcast_ref().and_then(of_training))
        .or_else(|| error.downcast_ref().and_then(of_assistant))
        .or_else(|| error.downcast_ref().and_then(of_hub))
}

const WHOLE: &str = "fetch the model's folder again, whole; `moru inspect FOLDER` looks into it";

fn of_hub(error: &HubError) -> Option<String> {
    use HubError as E;
    Some(match error {
        E::Absent { .. } | E::Unreachable { .. } => PLACE.into(),
        E::NotFound { .. } | E::Denied { .. } => {
            "look at the name; a private or gated model needs HF_TOKEN, of an account that may see it, in `.env` or outside"
                .into()
        }
        E::Status { .. } | E::Busy { .. } | E::TooBusy { .. } | E::Broken { .. } => {
            "run again later: what has come is kept, and the fetch goes on where it stopped".into()
        }
        E::Digest { .. } | E::Size { .. } | E::Answer { .. } | E::FileName { .. } => {
            "run again; where it stays so, the server, the mirror (HF_ENDPOINT) or a proxy changes what passes through".into()
        }
        E::Incomplete { .. } => {
            "weights in other formats, such as pytorch_model.bin, have to be saved as safetensors first; many models have \
             such a folder under another revision: base = \"owner/name@REVISION\""
                .into()
        }
        E::Setting { .. } => "set it in `.env` or outside, or leave it out".into(),
        E::Io { path, source, .. } => return system::of(source, Some(path)),
    })
}

const PLACE: &str = "`moru run` fetches what is missing; without a network, put config.json, model.safetensors (or its shards \
    with their index) and tokenizer.json into a folder and name that in [model] base, or copy the cache of a machine \
    that ran `hf download`";

fn of_model(error: &ModelError) -> Option<String> {
    use ModelError as E;
    Some(match error {
        E::Io { path, source, .. } => return system::of(source, Some(path)),
        E::MissingFile { .. } => {
            "a model folder holds config.json, tokenizer.json and model.safetensors (or its shards with their index); \
             weights in other formats, such as pytorch_model.bin, have to be saved as safetensors first"
                .into()
        }
        E::Json { .. } | E::MissingSetting { .. } | E::InvalidSetting { .. } | E::NotQuantisable { .. } => {
            WHOLE.into()
        }
        E::UnsupportedArchitecture { .. } | E::UnsupportedParts { .. } | E::UnsupportedSetting { .. } => {
            "choose a model of a supported kind; `moru inspect FOLDER` tells what a folder holds".into()
        }
        E::UnknownPreset { .. } => "[model] base = \"random:SHAPE\" takes one of these".into(),
        E::TensorFile { problem, .. } => of_file(problem),
        // The problem says itself what to do.
        E::Gguf { .. } => "`moru inspect FILE.gguf` looks into a file; a whole one is fetched again with its size checked".into(),
        E::Unsupported { .. } => "choose what is named as supported".into(),
        E::MissingTensor { .. } | E::TensorShape { .. } => {
            "config.json and the weights belong to different models: fetch both from the same place".into()
        }
        E::NoLookingBack { .. } => "draw them plainly, or choose another shape".into(),
        E::UnknownTarget { .. } => "[train] targets = [\"all\"] takes every linear layer".into(),
        E::LoraSetting { .. } => "`moru explain train` lists the keys of a section with their meaning".into(),
        E::UnsupportedAdapter { .. } => "train the adapter without this setting, or merge it into its base first".into(),
        E::NotALanguageModel { .. } => "`moru classify` labels texts with it".into(),
        E::NotAClassifier => "`moru chat` and `moru generate` talk with it; method = \"classify\" trains a classifier".into(),
        E::Labels { .. } => "config.json beside the head names its labels in `id2label`: {\"0\": \"…\", \"1\": \"…\"}".into(),
        E::RowLength { .. } => "[train] weights takes nf4, q8_0, q4_0 or q4_k; method = \"lora\" takes the weights as they are".into(),
        E::UnexpectedTensor { .. } => "use the adapter with the base that it was trained on".into(),
        E::TokenId { .. } => "tokenize with the tokenizer of this very model".into(),
        E::Position { .. } => "lower [tokenize] max_len_tokens, or ask for fewer new tokens".into(),
        E::Batch { .. } | E::Device(_) => {
            "this is a fault of moru, not of the recipe: please report it with the message above".into()
        }
    })
}

fn of_file(problem: &FileProblem) -> String {
    use FileProblem as P;
    match problem {
        P::TooShort { .. } | P::HeaderLength { .. } | P::Outside { .. } => {
            "fetch the file again and compare its size with the original's; a file of about 130 bytes is a pointer that \
             `git lfs pull` replaces"
                .into()
        }
        P::DType { .. } | P::NotFinite { .. } => "choose weights in F32, F16 or BF16, without quantisation".into(),
        P::Header { .. }
        | P::Shape { .. }
        | P::Overflow { .. }
        | P::Size { .. }
        | P::Overlap { .. }
        | P::Index { .. }
        | P::NotInShard { .. } => WHOLE.into(),
    }
}

fn of_training(error: &TrainError) -> Option<String> {
    use TrainError as E;
    Some(match error {
        E::NoSamples => "give [split] `train` a share, or add rows; `moru status` shows what was set aside".into(),
        E::NothingTrained { .. } => "`moru tap tokenize -n 3` shows which tokens are trained".into(),
        E::TooLong { .. } => "lower [tokenize] max_len_tokens to the model's context, or leave it out".into(),
        E::MaskLength { .. } | E::TokenId { .. } | E::NoLabel { .. } | E::LabelNumber { .. } => "`moru run tokenize --refresh` makes the tokens anew".into(),
        E::Setting { .. } => "`moru explain train` lists the keys of a section with their meaning".into(),
        E::Memory { figures, .. } if figures.grown_pass_tokens == Some(figures.pass_tokens) => {
            "[train] batching = \"packed\" computes rows that share a long beginning one by one, in smaller passes and more \
             time; recompute = \"auto\" recomputes what does not fit, and memory_gb sets another limit"
                .into()
        }
        E::Memory { figures, .. } if figures.recomputed_layers < figures.layers => {
            "[train] recompute = \"auto\" recomputes what does not fit; fewer micro_tokens make a pass smaller, and \
             memory_gb sets another limit"
                .into()
        }
        E::Memory { .. } => {
            "fewer [train] micro_tokens make a pass smaller, [tokenize] max_len_tokens bounds the longest row, method \
             \"qlora\" holds the weights in four bits and has a small optimizer, and memory_gb sets another limit"
                .into()
        }
        E::NotFinite { step: 1, .. } => {
            "at the first step nothing is learned yet: the base's own weights may be damaged; `moru inspect FOLDER` looks \
             into them"
                .into()
        }
        E::NotFinite { .. } => "`moru why ROW` shows a row; a tenth of the learning rate is a good next try".into(),
        E::State { problem: ::train::StateProblem::Format { .. }, .. } => {
            "`moru clean --work --yes` removes unfinished work; a training then begins anew".into()
        }
        E::OtherRecipe { .. } | E::State { .. } => {
            "remove that folder: the training then begins anew; nothing else is lost".into()
        }
        E::Io { path, source, .. } => return system::of(source, Some(path)),
        E::Model(error) => return of_model(error),
        E::Weights { .. } => {
            "this is a fault of moru, not of the recipe: please report it with the message above".into()
        }
        E::Format { .. } => "use the program that trained the adapter, or a newer one".into(),
        // The cause says what to do.
        E::TreeDropout { .. } => "leave out `dropout` or `batching` in [train]; `batching = \"auto\"` chooses by itself".into(),
        E::NothingShared { .. } => {
            "raise `micro_tokens` in [train] where rows have a long beginning in common; else there is nothing to test".into()
        }
        E::InLoopEval { .. } => return None,
    })
}

fn of_assistant(error: &AssistantError) -> Option<String> {
    match error {
        AssistantError::Vocabulary { .. } => {
            Some("fetch config.json, the weights and tokenizer.json from the same place".into())
        }
        AssistantError::NoRoom { .. } => Some("raise [evaluate] batch, or --batch".into()),
        AssistantError::Model(error) => of_model(error),
        AssistantError::DefaultAdapter { .. } => None,
    }
}
