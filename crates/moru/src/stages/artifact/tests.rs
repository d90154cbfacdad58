use super::*;

fn twin(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/golden").join(name)
}

fn put(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    pipeline::platform::write_atomic(path, text.as_bytes()).unwrap();
}

#[test]
fn every_format_has_a_name_of_its_own() {
    for name in Format::NAMES {
        assert_eq!(Format::from_name(name).unwrap().name(), name);
    }
    assert_eq!(Format::from_name("q3_k"), None);
    assert_eq!(Format::from_name("q4_k_m").unwrap().file_name("main"), "model-q4_k_m.gguf");
    assert_eq!(Format::from_name("nf4").unwrap().file_name("short"), "model-short-nf4");
}

#[test]
fn the_best_checkpoint_is_found_and_said() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("run");
    let adapter = |step: u32| put(&folder.join(format!("checkpoint-{step}/adapter_config.json")), "{}");
    [4, 20, 100].into_iter().for_each(adapter);
    put(&folder.join("checkpoint-300/optimizer.bin"), "half written");
    let which = |folder: &Path| of_folder(folder, Some(Path::new("base"))).unwrap();
    let found = which(&folder);
    assert_eq!(found.which, "the last checkpoint, after step 100");
    assert!(found.adapter.unwrap().ends_with("checkpoint-100"));
    let state = r#"{ "best_model_checkpoint": "/elsewhere/run/checkpoint-20" }"#;
    put(&folder.join("checkpoint-100/trainer_state.json"), state);
    let found = which(&folder);
    assert_eq!(found.which, "the best checkpoint, after step 20");
    assert!(found.adapter.unwrap().ends_with("checkpoint-20"));
    // One that was removed is none.
    put(&folder.join("trainer_state.json"), r#"{ "best_model_checkpoint": "checkpoint-7" }"#);
    assert_eq!(which(&folder).which, "the last checkpoint, after step 100");
    let error = of_folder(&folder, None).unwrap_err().to_string();
    assert!(error.ends_with("checkpoint-100 is an adapter"), "{error}");
    let error = of_folder(scratch.path(), None).unwrap_err().to_string();
    assert!(error.contains("holds no model, no adapter and no checkpoint-N"), "{error}");
}

#[test]
fn what_fails_leaves_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    // An adapter of another base.
    let chosen = of_folder(&twin("llama/adapter"), Some(&twin("qwen2"))).unwrap();
    for name in Format::NAMES {
        let to = scratch.path().join("out").join(name);
        write(&chosen, Format::from_name(name).unwrap(), &to).unwrap_err();
        assert_eq!(std::fs::read_dir(scratch.path().join("out")).unwrap().count(), 0, "{name}");
    }
}

#[test]
fn a_quantised_model_is_not_quantised_again() {
    let scratch = tempfile::tempdir().unwrap();
    let chosen = of_folder(&twin("bitsandbytes/qwen3/nf4"), None).unwrap();
    let error = write(&chosen, Format::BitsAndBytes(BitsAndBytes::Int8), &scratch.path().join("x"));
    assert!(error.unwrap_err().to_string().contains("is quantised already"));
}
