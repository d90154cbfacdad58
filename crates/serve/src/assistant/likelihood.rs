//! How likely a text is as a reply.

use chat::{Likelihood, Message, ResponderError};

use super::Assistant;
use crate::engine::Engine;

impl<E: Engine> Likelihood for Assistant<E> {
    fn log_likelihood(
        &mut self,
        prompt: &[Message],
        continuation: &str,
    ) -> Result<(f64, usize), ResponderError> {
        let encode = |error: chat::EncodeError| ResponderError::Source(Box::new(error));
        let mut ids = self.encoder.prompt(prompt, &[]).map_err(encode)?;
        let prompt_tokens = ids.len();
        ids.extend(self.encoder.reply(continuation).map_err(encode)?);
        if ids.len() > self.context() || prompt_tokens == 0 {
            return Err(ResponderError::ContextExceeded {
                prompt_tokens: ids.len(),
                context: self.context(),
            });
        }
        let tokens = ids.len() - prompt_tokens;
        if tokens == 0 {
            return Ok((0.0, 0));
        }
        let losses = self
            .engine
            .losses(&ids, prompt_tokens, self.options.default_adapter)
            .map_err(|error| ResponderError::Source(Box::new(error)))?;
        Ok((-losses.iter().map(|&loss| f64::from(loss)).sum::<f64>(), tokens))
    }
}
