//! What the machine says about the way outside: proxies and certificates, from the variables that other programs read.

use std::path::{Path, PathBuf};

use crate::recipe::Environment;

/// The proxy through which an address is reached; none where it is reached directly.
pub fn proxy(environment: &Environment, address: &str) -> Option<String> {
    let any = |names: &[&str]| names.iter().find_map(|name| environment.get(name));
    let proxy = if address.starts_with("http://") {
        any(&["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
    } else {
        any(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
    };
    let direct = any(&["NO_PROXY", "no_proxy"]).is_some_and(|list| is_direct(address, &list));
    proxy.filter(|_| !direct)
}

/// The file of certificates that is trusted in place of the built-in ones, with what it holds.
///
/// # Errors
/// The file and why it cannot be read.
pub fn certificates(environment: &Environment) -> Result<Option<Vec<u8>>, (PathBuf, std::io::Error)> {
    let names = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];
    let Some(path) = names.iter().find_map(|name| environment.get(name)) else { return Ok(None) };
    let path = Path::new(&path);
    std::fs::read(path).map(Some).map_err(|source| (path.to_owned(), source))
}

/// Whether a list such as `localhost, .corp.example` says that an address is reached without the proxy.
fn is_direct(address: &str, list: &str) -> bool {
    let host = address.split("://").nth(1).unwrap_or(address);
    let host = host.split(['/', ':']).next().unwrap_or_default().to_ascii_lowercase();
    list.split(',').map(|entry| entry.trim().trim_start_matches("*.").trim_start_matches('.')).any(|entry| {
        let entry = entry.to_ascii_lowercase();
        entry == "*" || (!entry.is_empty() && (host == entry || host.ends_with(&format!(".{entry}"))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_need_no_proxy() {
        for (list, expected) in [
            ("*", true),
            ("corp.example", true),
            (".example", true),
            ("hub.corp.example, x", true),
            ("rp.example", false),
            ("", false),
        ] {
            assert_eq!(is_direct("https://hub.corp.example:8443/x", list), expected, "{list}");
        }
    }
}
