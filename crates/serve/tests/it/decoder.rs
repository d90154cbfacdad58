//! Replies depend on their request alone, and are what a full pass over the text says.

use std::sync::Arc;

use chat::{
    Builtin, Encoder, Event, FinishReason, Likelihood as _, Message, Request, Responder as _, Role, Sampling,
    Tokenizer,
};
use model::{
    Cpu, Decoder, Device, LoraConfig, LoraTargets, ModelConfig, Recompute, Reference, TrainBatch, Trainable,
    Workspace,
};
use serve::{Assistant, AssistantOptions, DecoderEngine, Engine};

fn config() -> ModelConfig {
    let nano = ModelConfig::preset("nano").unwrap();
    ModelConfig {
        vocab: 272,
        context: 256,
        layers: 2,
        hidden: 32,
        mlp_hidden: 48,
        heads: 4,
        head_dim: 8,
        ..nano
    }
}

fn decoder<D: Device>(device: D) -> Decoder<D> {
    Decoder::random(Arc::new(device), config(), 5).unwrap()
}

/// An adapter whose B is not zero, so that it changes something.
fn adapter<D: Device>(decoder: &Decoder<D>) -> Trainable<D> {
    let lora = LoraConfig { rank: 4, alpha: 64.0, dropout: 0.0, targets: LoraTargets::All, rslora: false };
    let mut parameters = decoder.lora_parameters(&lora, 1).unwrap();
    let specs = parameters.layout.specs.clone();
    for (n, spec) in specs.iter().enumerate() {
        let value = |i: usize| (chat::seeded::unit(n as u64, i as u64) - 0.5) as f32;
        let values: Vec<f32> = (0..spec.len).map(value).collect();
        parameters.write(&**decoder.device(), &spec.name, &values).unwrap();
    }
    decoder.bind_lora(parameters, &lora).unwrap()
}

fn assistant<'a, D: Device>(
    decoder: &'a Decoder<D>,
    adapter: &'a Trainable<D>,
    slots: usize,
    prefix_slots: usize,
) -> Assistant<DecoderEngine<'a, D>> {
    let engine = DecoderEngine::new(decoder, slots + prefix_slots, 256).with_adapter(adapter);
    let encoder = Encoder::builtin(Builtin::ChatMl, Tokenizer::bytes()).unwrap();
    let options =
        AssistantOptions { prefix_slots, adapters: vec!["tuned".into()], ..AssistantOptions::default() };
    Assistant::new(engine, encoder, options).unwrap()
}

fn requests() -> Vec<Request> {
    (0..24)
        .map(|i| {
            let temperature = if i % 4 == 0 { 0.0 } else { 1.0 };
            let sampling = Sampling {
                max_tokens: 5 + i as usize % 11,
                temperature,
                top_p: 0.95,
                repetition_penalty: 1.1,
                presence_penalty: 0.1 * (i % 2) as f32,
                frequency_penalty: 0.05,
                seed: i,
                ..Sampling::default()
            };
            let mut messages = vec![Message::new(Role::User, format!("질문 {}", i % 5))];
            if i % 2 == 0 {
                messages.insert(0, Message::new(Role::System, "너는 상담원이다."));
            }
            let adapter = (i % 3 == 0).then(|| "tuned".to_string());
            Request { messages, sampling, adapter, log_probs: true, ..Request::default() }
        })
        .collect()
}

/// Ids and log-probabilities of each reply.
fn told(assistant: &mut Assistant<impl Engine>, requests: &[Request]) -> Vec<Vec<(u32, f32)>> {
    let mut told = vec![Vec::new(); requests.len()];
    assistant
        .respond(requests, &mut |i, event| match event {
            Event::Token { id, log_prob, .. } => told[i].push((id.unwrap(), log_prob)),
            Event::Done { finish: FinishReason::Failed(why), .. } => panic!("{why}"),
            _ => {}
        })
        .unwrap();
    told
}

fn check_independence<D: Device>(device: D) {
    let decoder = decoder(device);
    let adapter = adapter(&decoder);
    let requests = requests();
    let together = told(&mut assistant(&decoder, &adapter, 16, 2), &requests);
    for (request, expected) in requests.iter().zip(&together) {
        for prefix_slots in [0, 1] {
            let mut alone = assistant(&decoder, &adapter, 1, prefix_slots);
            assert_eq!(&told(&mut alone, std::slice::from_ref(request))[0], expected);
        }
    }
    let mut reversed = requests.clone();
    reversed.reverse();
    let mut again = told(&mut assistant(&decoder, &adapter, 3, 1), &reversed);
    again.reverse();
    assert_eq!(again, together, "bit for bit, whatever else is in the batch");
}

#[test]
fn a_reply_does_not_change_with_its_batch() {
    check_independence(Reference::<f32>::new());
    check_independence(Cpu::new(2));
}

/// The turns of a talk, each asked of what is remembered and of what remembers nothing.
fn check_talk<D: Device>(device: D) {
    let decoder = decoder(device);
    let adapter = adapter(&decoder);
    for named in [None, Some("tuned".to_string())] {
        let mut remembers = assistant(&decoder, &adapter, 2, 1);
        let mut messages = vec![Message::new(Role::System, "상담원")];
        for (turn, question) in ["첫째", "둘째 물음", "3"].into_iter().enumerate() {
            messages.push(Message::new(Role::User, question));
            let sampling = Sampling { max_tokens: 6, temperature: 1.0, seed: 3, ..Sampling::default() };
            let (messages_now, adapter_now) = (messages.clone(), named.clone());
            let request = Request {
                messages: messages_now,
                sampling,
                adapter: adapter_now,
                log_probs: true,
                ..Request::default()
            };
            let asked = std::slice::from_ref(&request);
            let reply = told(&mut remembers, asked);
            assert_eq!(reply, told(&mut assistant(&decoder, &adapter, 1, 0), asked), "bit for bit");
            assert_eq!(remembers.found_turns(), turn, "each turn but the first goes on from the last");
            messages.push(Message::new(Role::Assistant, format!("답 {turn}")));
        }
        // Another talk between them, in the other slot, takes nothing of it and leaves it as it is.
        let other =
            Request { messages: vec![Message::new(Role::User, "딴 얘기")], ..requests().remove(1) };
        told(&mut remembers, &[other]);
        messages.push(Message::new(Role::User, "끝"));
        let request = Request { messages, adapter: named, log_probs: true, ..Request::default() };
        let request = Request { sampling: Sampling { max_tokens: 3, ..Sampling::default() }, ..request };
        told(&mut remembers, &[request]);
        assert!(remembers.found_turns() >= 2);
    }
}

#[test]
fn a_talk_goes_on_from_its_earlier_turns_and_says_the_same() {
    check_talk(Reference::<f32>::new());
    check_talk(Cpu::new(2));
}

#[test]
fn greedy_is_what_a_full_pass_says_step_by_step() {
    let decoder = decoder(Cpu::new(1));
    let adapter = adapter(&decoder);
    for named in [None, Some("tuned".to_string())] {
        let mut assistant = assistant(&decoder, &adapter, 4, 1);
        let sampling = Sampling { max_tokens: 12, ..Sampling::default() };
        let messages = vec![Message::new(Role::System, "S"), Message::new(Role::User, "안녕")];
        let mut ids = assistant.encoder().prompt(&messages, &[]).unwrap();
        let trained = named.as_ref().map(|_| &adapter);
        let request = Request { messages, sampling, adapter: named, log_probs: true, ..Request::default() };
        let reply = told(&mut assistant, &[request]).remove(0);
        assert!(!reply.is_empty());
        for (id, log_prob) in reply {
            // Every id as a target after the whole text so far: the full pass, without a cache.
            let mut batch = TrainBatch::default();
            batch.push_sample(&ids, &vec![0.0; ids.len()]);
            let ends = decoder.config().vocab.min(265) as u32;
            batch.loss_rows = vec![ids.len() as u32 - 1; ends as usize];
            batch.targets = (0..ends).collect();
            batch.weights = vec![1.0; ends as usize];
            let mut ws = Workspace::new(&**decoder.device(), Recompute::Never);
            let losses = decoder.losses(trained, &batch, &mut ws).unwrap();
            let likeliest =
                (0..ends).min_by(|&a, &b| losses[a as usize].total_cmp(&losses[b as usize])).unwrap();
            assert_eq!(id, likeliest);
            // The reply's probability is among the tokenizer's ids, the pass's among all of the model's.
            let among: f64 = losses.iter().map(|&loss| f64::from(-loss).exp()).sum();
            let expected = -f64::from(losses[id as usize]) - among.ln();
            assert!((f64::from(log_prob) - expected).abs() < 1e-4, "{log_prob} and {expected}");
            ids.push(id);
        }
    }
}

#[test]
fn a_text_is_as_likely_as_its_tokens() {
    let decoder = decoder(Cpu::new(1));
    let adapter = adapter(&decoder);
    let mut assistant = assistant(&decoder, &adapter, 2, 0);
    let prompt = [Message::new(Role::User, "q")];
    let (whole, n) = assistant.log_likelihood(&prompt, "답변").unwrap();
    assert_eq!(n, 6);
    // Random weights find every one of 272 ids about equally likely.
    assert!((whole / 6.0 + (272f64).ln()).abs() < 1.0, "{whole}");
    let (less, _) = assistant.log_likelihood(&prompt, "답").unwrap();
    assert!(whole < less && less < 0.0);
}
