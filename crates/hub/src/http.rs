//! Requests: the token stays with the endpoint, redirects are followed by hand, failures are tried again.

use std::time::Duration;

use ureq::http::{Response, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Proxy};

use crate::{Event, HubError, Settings};

/// A server may send a request on so many times.
const MOST_REDIRECTS: usize = 10;

/// How a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// Headers only; a redirect to another host is the answer.
    Head,
    /// With the body, from this byte on.
    Get { from: u64 },
}

/// An answer with a good status.
pub(crate) type Answer = Response<Body>;

/// Speaks with servers as the settings say.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    pub settings: Settings,
    /// Scheme and host that may see the token.
    home: (String, String),
}

impl Client {
    pub fn new(settings: Settings) -> Result<Self, HubError> {
        let settings = Settings { endpoint: settings.endpoint.trim_end_matches('/').to_owned(), ..settings };
        let wrong = || HubError::Setting {
            setting: "the endpoint (HF_ENDPOINT)",
            allowed: "an address such as https://huggingface.co",
        };
        let home = origin(&settings.endpoint).ok_or_else(wrong)?;
        let proxy = settings.proxy.as_deref().map(Proxy::new).transpose().map_err(|_| HubError::Setting {
            setting: "the proxy (HTTPS_PROXY)",
            allowed: "an address such as http://proxy:3128",
        })?;
        let timeout = Some(settings.timeout);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy)
            .tls_config(TlsConfig::builder().root_certs(roots(&settings)?).build())
            .user_agent(concat!("moru/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .timeout_resolve(timeout)
            .timeout_connect(timeout)
            .timeout_recv_response(timeout)
            .timeout_recv_body(timeout);
        Ok(Self { agent: config.build().into(), settings, home })
    }

    /// One request; redirects are followed, on `Head` only those that stay with the endpoint.
    pub fn once(&self, repo: &str, url: &str, method: Method) -> Result<Answer, HubError> {
        let mut url = url.to_owned();
        for _ in 0..MOST_REDIRECTS {
            let answer = self.send(&url, method)?;
            let status = answer.status().as_u16();
            if !matches!(status, 301 | 302 | 303 | 307 | 308) {
                return self.checked(repo, &url, answer);
            }
            let unusable = |why| HubError::Answer { url: url.clone(), why };
            let to = header(&answer, "location").ok_or_else(|| unusable("a redirect without a place"))?;
            let next = joined(&url, to).ok_or_else(|| unusable("a redirect to no web address"))?;
            if url.starts_with("https://") && !next.starts_with("https://") {
                return Err(unusable("a redirect from an encrypted to an open connection"));
            }
            if method == Method::Head && !self.is_home(&next) {
                return Ok(answer);
            }
            url = next;
        }
        Err(HubError::Answer { url, why: "too many redirects" })
    }

    /// As [`Client::once`], tried again while the failure may pass.
    pub fn patient(
        &self,
        repo: &str,
        url: &str,
        method: Method,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Answer, HubError> {
        let mut failed = 0;
        loop {
            match self.once(repo, url, method) {
                Ok(answer) => return Ok(answer),
                Err(error) => self.wait(error, &mut failed, on_event)?,
            }
        }
    }

    /// Waits after a failure that may pass; gives back one that will not, or one too many.
    pub fn wait(
        &self,
        error: HubError,
        failed: &mut u32,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), HubError> {
        let asked = match &error {
            HubError::Busy { seconds, .. } => Some(Duration::from_secs(*seconds)),
            _ => None,
        };
        *failed += 1;
        if !error.is_passing() || *failed >= self.settings.attempts {
            return Err(error);
        }
        let doubled = self.settings.first_wait.saturating_mul(1 << (*failed - 1).min(16));
        let wait = asked.unwrap_or(doubled).min(self.settings.longest_wait);
        on_event(Event::Waiting { error: &error, wait });
        std::thread::sleep(wait);
        Ok(())
    }

    fn send(&self, url: &str, method: Method) -> Result<Answer, HubError> {
        let mut request = match method {
            Method::Head => self.agent.head(url),
            Method::Get { .. } => self.agent.get(url),
        };
        if let Some(token) = self.settings.token.as_ref().filter(|_| self.is_home(url)) {
            request = request.header("Authorization", token.bearer());
        }
        if let Method::Get { from } = method
            && from > 0
        {
            request = request.header("Range", format!("bytes={from}-"));
        }
        request.call().map_err(|error| HubError::Unreachable { url: shown(url), cause: error.to_string() })
    }

    fn is_home(&self, url: &str) -> bool {
        origin(url).is_some_and(|origin| origin == self.home)
    }

    fn checked(&self, repo: &str, url: &str, answer: Answer) -> Result<Answer, HubError> {
        let status = answer.status().as_u16();
        match status {
            200..=299 => Ok(answer),
            401 | 403 if self.is_home(url) => {
                let with_token = self.settings.token.is_some();
                // Without a token the Hub does not tell a private repository from one that does not exist.
                Err(HubError::Denied { repo: repo.to_owned(), with_token })
            }
            404 if self.is_home(url) => Err(HubError::NotFound { repo: repo.to_owned() }),
            429 | 503 => Err(self.busy(shown(url), status, &answer)),
            _ => Err(HubError::Status { url: shown(url), status }),
        }
    }

    /// The server names a time after which it will answer, or does not.
    fn busy(&self, url: String, status: u16, answer: &Answer) -> HubError {
        let seconds = header(answer, "retry-after").and_then(|text| text.trim().parse::<u64>().ok());
        match seconds {
            Some(seconds) if Duration::from_secs(seconds) > self.settings.longest_wait => {
                HubError::TooBusy { url, seconds }
            }
            Some(seconds) => HubError::Busy { url, status, seconds },
            None => HubError::Status { url, status },
        }
    }
}

fn roots(settings: &Settings) -> Result<RootCerts, HubError> {
    let Some(pem) = &settings.certificates else { return Ok(RootCerts::WebPki) };
    let certificates: Vec<_> = parse_pem(pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        let setting = "the file of certificates (SSL_CERT_FILE)";
        return Err(HubError::Setting { setting, allowed: "PEM with at least one certificate" });
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// A header's value, if it is text.
pub(crate) fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers().get(name)?.to_str().ok()
}

/// Scheme, and host with port, of an address.
fn origin(url: &str) -> Option<(String, String)> {
    let uri: Uri = url.parse().ok()?;
    let scheme = uri.scheme_str().filter(|s| matches!(*s, "http" | "https"))?.to_ascii_lowercase();
    let authority = uri.authority()?;
    let port = authority.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    Some((scheme, format!("{}:{port}", authority.host().to_ascii_lowercase())))
}

/// Where a redirect leads.
fn joined(from: &str, to: &str) -> Option<String> {
    if origin(to).is_some() {
        return Some(to.to_owned());
    }
    let uri: Uri = from.parse().ok()?;
    let start = format!("{}://{}", uri.scheme_str()?, uri.authority()?);
    to.starts_with('/').then(|| format!("{start}{to}"))
}

/// An address without its query, which may hold a signature.
fn shown(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_lead_where_they_say() {
        let from = "https://h:1/a/b?x";
        assert_eq!(joined(from, "/c").as_deref(), Some("https://h:1/c"));
        assert_eq!(joined(from, "https://cdn/x?sig=1").as_deref(), Some("https://cdn/x?sig=1"));
        assert_eq!(joined(from, "c"), None);
        assert_eq!(joined(from, "ftp://h/x"), None);
    }

    #[test]
    fn the_same_host_is_known_with_and_without_its_port() {
        assert_eq!(origin("https://Hub.co/x"), origin("https://hub.co:443"));
        assert_ne!(origin("https://hub.co"), origin("http://hub.co"));
        assert_ne!(origin("https://hub.co"), origin("https://hub.co.evil.org"));
    }

    #[test]
    fn an_address_is_shown_without_its_signature() {
        assert_eq!(shown("https://cdn/x?Signature=abc"), "https://cdn/x");
    }
}
