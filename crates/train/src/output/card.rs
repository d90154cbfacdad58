//! The result's `README.md`: a model card that says what it is, how it was made and how good it was.

use serde_json::Value;

use crate::record::Record;
use crate::{Base, Method, PlanFigures, Settings, Task};

/// The card's text. It holds no times, so that the same training gives the same bytes.
pub(crate) fn text(settings: &Settings, plan: &PlanFigures, record: &Record, result_step: u64) -> String {
    let mut out = front_matter(settings);
    let what = match (&settings.method, settings.base.weights) {
        (Method::Lora { .. }, Some(_)) => "A LoRA adapter, trained over quantised weights,",
        (Method::Lora { .. }, None) => "A LoRA adapter",
        (Method::Full, _) => "All parameters",
    };
    let base = &settings.base.name;
    out += &format!("# Tuned from {base}\n\n{what} of `{base}`, trained with moru.\n\n");
    if let Task::Labels(labels) = &settings.task {
        let names: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        out += &format!("It labels a text as one of {}: {}.\n\n", labels.len(), names.join(", "));
    }
    out += "## Figures\n\n| figure | value |\n|---|---|\n";
    let mut row = |name: &str, value: String| out += &format!("| {name} | {value} |\n");
    row("training samples", plan.samples.to_string());
    row("trained tokens per epoch", plan.trained_tokens.to_string());
    row("steps", format!("{result_step} of {}", plan.steps));
    row("trainable parameters", plan.trainable_parameters.to_string());
    row("last training loss", format!("{:.4}", record.last_loss()));
    if let Some(loss) = record.eval_loss_at(result_step) {
        row("loss on the valid split", format!("{loss:.4}"));
        if settings.task == Task::Language {
            row("perplexity on the valid split", format!("{:.3}", loss.exp()));
        }
    }
    let over = if settings.task == Task::Language { "trained tokens" } else { "samples" };
    out += &format!(
        "\nLosses are means over {over}, in nats.\n\n## Settings\n\n| setting | value |\n|---|---|\n"
    );
    let json = settings.to_json();
    for (key, value) in json.as_object().into_iter().flatten() {
        match value {
            Value::Object(inner) => {
                inner
                    .iter()
                    .for_each(|(name, value)| out += &format!("| {key}.{name} | {} |\n", plain(value)));
            }
            value => out += &format!("| {key} | {} |\n", plain(value)),
        }
    }
    if matches!(settings.method, Method::Lora { .. }) {
        out += &format!("\n{}", usage(settings));
    }
    out
}

fn front_matter(settings: &Settings) -> String {
    let base = Value::from(settings.base.name.as_str());
    let library = if matches!(settings.method, Method::Full) { "transformers" } else { "peft" };
    let task = if settings.task == Task::Language { "text-generation" } else { "text-classification" };
    format!("---\nbase_model: {base}\nlibrary_name: {library}\npipeline_tag: {task}\n---\n\n")
}

/// Where the card's commands write the base.
const EXPORTED: &str = "base-model";

fn usage(settings: &Settings) -> String {
    let base: &Base = &settings.base;
    let (folder, first) = match &base.export {
        None => (base.name.as_str(), String::new()),
        Some(command) => (
            EXPORTED,
            format!(
                "The base is part of moru. This writes it as a folder that other tools load:\n\n\
                 ```sh\n{command} {EXPORTED}\n```\n\n"
            ),
        ),
    };
    let base = Value::from(folder);
    if settings.task != Task::Language {
        return format!(
            "## Use\n\n{first}```python\nfrom peft import PeftModel\n\
             from transformers import AutoConfig, AutoModelForSequenceClassification\n\n\
             config = AutoConfig.from_pretrained(\"path/to/this/folder\")\n\
             base = AutoModelForSequenceClassification.from_pretrained({base}, config=config)\n\
             model = PeftModel.from_pretrained(base, \"path/to/this/folder\")\n```\n"
        );
    }
    format!(
        "## Use\n\n{first}```python\nfrom peft import PeftModel\nfrom transformers import AutoModelForCausalLM\n\n\
         base = AutoModelForCausalLM.from_pretrained({base})\n\
         model = PeftModel.from_pretrained(base, \"path/to/this/folder\")\n```\n"
    )
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "none".to_owned(),
        Value::String(text) => text.replace('|', "\\|"),
        Value::Null => "none".to_owned(),
        other => format!("`{}`", other.to_string().replace('|', "\\|")),
    }
}
