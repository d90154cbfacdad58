//! Tokenizers, templates, shards and answers.

use chat::{EncodeError, ResponderError, ShardError, TemplateError, TokenizerError};
use eval::EvalError;

use super::system;

/// What to do about an error between text and tokens.
pub fn of(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    None.or_else(|| error.downcast_ref().and_then(of_encoding))
        .or_else(|| error.downcast_ref().map(of_template))
        .or_else(|| error.downcast_ref().and_then(of_tokenizer))
        .or_else(|| error.downcast_ref().map(of_vocabulary))
        .or_else(|| error.downcast_ref().and_then(of_shard))
        .or_else(|| error.downcast_ref().and_then(of_responder))
        .or_else(|| error.downcast_ref().and_then(of_evaluation))
}

const OTHER_TEMPLATE: &str =
    "[tokenize] template = \"chatml\" or \"alpaca\" uses one of moru's own instead of the model's";

fn of_encoding(error: &EncodeError) -> Option<String> {
    use EncodeError as E;
    Some(match error {
        E::TemplateMismatch { .. } | E::NoEndOfTurn { .. } | E::CallsNotReadBack { .. } => {
            OTHER_TEMPLATE.into()
        }
        E::NotDivisible => "Qwen, Llama 3 and GPT-2 models have such a tokenizer".into(),
        E::NoEndToken => {
            "the eos_token of tokenizer_config.json has to be one of the tokens of tokenizer.json".into()
        }
        E::NothingTrained { .. } | E::TrainedRole { .. } => {
            "`moru why ROW` shows the example; correct it in the source".into()
        }
        E::TooLong { .. } => "or raise [tokenize] max_len_tokens, up to the model's context".into(),
        E::Template { source, .. } => of_template(source),
        E::Tokenizer { source, .. } => return of_tokenizer(source),
    })
}

fn of_template(_: &TemplateError) -> String {
    OTHER_TEMPLATE.into()
}

fn of_tokenizer(error: &TokenizerError) -> Option<String> {
    use TokenizerError as E;
    Some(match error {
        E::Read { path, source } => return system::of(source, Some(path)),
        E::Parse { .. } | E::Absent { .. } => {
            "fetch tokenizer.json again from where the weights come from; tokenizers of Hugging Face's format with BPE are \
             read"
                .into()
        }
        E::Unsupported { .. } => "take a model of a kind that is named, or its folder with a tokenizer.json".into(),
        E::Encode { .. } | E::UnknownId { .. } => "tokenize with the tokenizer of this very model".into(),
        E::ReservedCharacter { .. } => "`moru why ROW` shows the row; remove the character in the source".into(),
    })
}

fn of_vocabulary(error: &chat::tokenizer::TrainError) -> String {
    use chat::tokenizer::TrainError as E;
    match error {
        E::TooSmall { .. } => {
            "choose a shape with a larger vocabulary in [model] base = \"random:SHAPE\"".into()
        }
        E::TooLittleText { .. } => {
            "base = \"builtin:toy\" takes a smaller vocabulary where there is little text".into()
        }
    }
}

fn of_shard(error: &ShardError) -> Option<String> {
    match error {
        ShardError::Io { path, source } => system::of(source, Some(path)),
        ShardError::NotAShard { .. }
        | ShardError::Version { .. }
        | ShardError::Length { .. }
        | ShardError::Digest { .. }
        | ShardError::Content { .. } => Some("`moru run tokenize --refresh` makes it anew".into()),
    }
}

fn of_responder(error: &ResponderError) -> Option<String> {
    match error {
        ResponderError::ContextExceeded { .. } | ResponderError::PromptTooLong { .. } => {
            Some("shorten the prompt, or ask for fewer new tokens".into())
        }
        ResponderError::UnknownAdapter { .. } => Some("`moru status` lists the trainings".into()),
        ResponderError::Source(error) => super::of_one(&**error),
    }
}

fn of_evaluation(error: &EvalError) -> Option<String> {
    use EvalError as E;
    Some(match error {
        E::UnknownMetric { .. } | E::UnknownMeasure { .. } | E::NoMetric { .. } | E::RougeIsBlind { .. } => {
            "`moru explain evaluate` tells what each metric measures".into()
        }
        E::NoRows => "`moru train` ends before the evaluation".into(),
        E::NoReference { .. } | E::NoFinalAnswer { .. } | E::DuplicateId { .. } => {
            "`moru why ROW` shows the example; correct it in the source".into()
        }
        E::OtherRun { path } | E::DamagedAnswers { path, .. } => {
            format!("remove {} and run again: the questions are then asked anew", path.display())
        }
        E::SilentJudge { .. } => {
            "look at the endpoint and its model; `moru run` goes on from what was heard, and `moru explain judge` tells more"
                .into()
        }
        // They say what the folder or the prompt needs.
        E::NoPrompts { .. } | E::PromptColumn { .. } => {
            "`moru explain judge` tells what each prompt is for; without judge_prompts moru's own are used".into()
        }
        E::Cancelled { .. } => "`moru run` continues where this stopped".into(),
        E::File { path, source } => return system::of(source, Some(path)),
        E::AnswerCount { .. }
        | E::Unfinished { .. }
        | E::UnfinishedVerdict { .. }
        | E::NoSuchRequest { .. } => {
            "this is a fault of moru, not of the recipe: please report it with the message above".into()
        }
        E::Responder(error) => return of_responder(error),
    })
}
