//! Where a database is: from a URL, or from the `DB_*` settings.

use std::path::{Path, PathBuf};

use super::SqlError;
use super::secret::Secret;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scheme {
    /// MySQL and MariaDB.
    #[default]
    MySql,
    /// PostgreSQL.
    Postgres,
    /// SQLite, a file.
    Sqlite,
}

impl Scheme {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::MySql => "MySQL",
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }

    /// Reads the part of a URL before the colon.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "mysql" | "mariadb" => Self::MySql,
            "postgres" | "postgresql" => Self::Postgres,
            "sqlite" => Self::Sqlite,
            _ => return None,
        })
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::MySql | Self::Sqlite => 3306,
        }
    }
}

/// Whether the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tls {
    /// Never.
    Off,
    /// Where the server can.
    #[default]
    Prefer,
    /// Or there is no connection. The certificate is not checked.
    Require,
    /// And the server's certificate and name are checked.
    Verify,
}

/// Where a database is and who asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DbSettings {
    /// Which database; MySQL by default.
    pub scheme: Scheme,
    /// The user; may be empty.
    pub user: String,
    /// The password; may be empty.
    pub password: Secret,
    /// The server's name or address; `localhost` where empty.
    pub host: String,
    /// The server's port; the database's usual one where absent.
    pub port: Option<u16>,
    /// The database's name; for SQLite the path of the file.
    pub name: String,
    /// Encryption.
    pub tls: Tls,
    /// A file with the certificate authority to trust.
    pub tls_ca: Option<PathBuf>,
}

impl DbSettings {
    /// Reads `sqlite:path`, `mysql://user:password@host:port/name`, `mariadb://…` and `postgres://…`.
    /// Servers take `?sslmode=disable|prefer|require|verify-full` and `?sslrootcert=FILE`.
    ///
    /// # Errors
    /// [`SqlError::Url`]; it never repeats the URL, which may carry a password.
    pub fn from_url(url: &str) -> Result<Self, SqlError> {
        let wrong = |detail: &str| SqlError::Url { detail: detail.to_owned() };
        let (scheme, rest) = url.trim().split_once(':').ok_or_else(|| {
            wrong("there is no `:`; write sqlite:FILE, mysql://USER:PASSWORD@HOST/NAME or postgres://…")
        })?;
        let scheme = Scheme::parse(scheme).ok_or_else(|| {
            wrong("the part before `:` is none of sqlite, mysql, mariadb, postgres, postgresql")
        })?;
        if scheme == Scheme::Sqlite {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            if path.is_empty() {
                return Err(wrong("sqlite: is followed by no file"));
            }
            return Ok(Self { scheme, name: path.to_owned(), ..Self::default() });
        }
        let rest = rest.strip_prefix("//").ok_or_else(|| wrong("the scheme is not followed by `//`"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        // A password may hold an `@` that nobody escaped: the last one ends it.
        let (login, place) = rest.rsplit_once('@').unwrap_or(("", rest));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (server, name) = place.split_once('/').unwrap_or((place, ""));
        let (host, port) = split_port(server).ok_or_else(|| wrong("the port is not a number up to 65535"))?;
        let decode = |text: &str| {
            percent_decode(text).ok_or_else(|| wrong("a `%` is not followed by two hexadecimal digits"))
        };
        let mut settings = Self {
            scheme,
            user: decode(user)?,
            password: Secret::new(decode(password)?),
            host: decode(host)?,
            port,
            name: decode(name)?,
            ..Self::default()
        };
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            settings.set(key, &decode(value)?)?;
        }
        if settings.name.is_empty() {
            return Err(wrong("there is no database name after the host"));
        }
        Ok(settings)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), SqlError> {
        match key {
            "sslmode" | "ssl-mode" | "ssl_mode" => {
                self.tls = match value.to_ascii_lowercase().as_str() {
                    "disable" | "disabled" => Tls::Off,
                    "prefer" | "preferred" => Tls::Prefer,
                    "require" | "required" => Tls::Require,
                    "verify-full" | "verify_identity" | "verify-ca" | "verify_ca" => Tls::Verify,
                    _ => {
                        return Err(SqlError::Url {
                            detail: "`sslmode` is none of disable, prefer, require, verify-full".to_owned(),
                        });
                    }
                }
            }
            "sslrootcert" | "ssl-ca" | "ssl_ca" => self.tls_ca = Some(PathBuf::from(value)),
            _ => {
                return Err(SqlError::Url {
                    detail: "after `?` only sslmode and sslrootcert are known".to_owned(),
                });
            }
        }
        Ok(())
    }

    /// The same settings with a relative SQLite file taken from `folder`.
    pub fn relative_to(mut self, folder: &Path) -> Self {
        if self.scheme == Scheme::Sqlite {
            self.name = folder.join(&self.name).to_string_lossy().into_owned();
        }
        self
    }

    /// The host, with its default.
    pub fn host(&self) -> &str {
        if self.host.is_empty() { "localhost" } else { &self.host }
    }

    /// The port, with its default.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or_else(|| self.scheme.default_port())
    }

    /// Where this is, for messages: `PostgreSQL shop at localhost:5432`, `SQLite data/shop.db`.
    pub fn place(&self) -> String {
        match self.scheme {
            Scheme::Sqlite => format!("SQLite {}", self.name),
            scheme => format!("{} `{}` at {}:{}", scheme.name(), self.name, self.host(), self.port()),
        }
    }
}

/// `host`, `host:port`, `[::1]:port`.
fn split_port(server: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = server.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        return match after.strip_prefix(':') {
            None => after.is_empty().then_some((host, None)),
            Some(port) => Some((host, Some(port.parse().ok()?))),
        };
    }
    match server.split_once(':') {
        None => Some((server, None)),
        Some((host, port)) => Some((host, Some(port.parse().ok()?))),
    }
}

fn percent_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || Some((bytes.next()? as char).to_digit(16)? as u8);
            out.push(digit()? << 4 | digit()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let s = DbSettings::from_url("mariadb://shop:p%40ss@db.example:3307/orders?sslmode=require").unwrap();
        assert_eq!(
            (s.scheme, s.user.as_str(), s.password.expose(), s.host(), s.port(), s.name.as_str(), s.tls),
            (Scheme::MySql, "shop", "p@ss", "db.example", 3307, "orders", Tls::Require)
        );
        let s = DbSettings::from_url("postgres://me:a@b@[::1]/x").unwrap();
        assert_eq!((s.password.expose(), s.host(), s.port()), ("a@b", "::1", 5432));
        let s = DbSettings::from_url("sqlite:data/가게.db").unwrap();
        assert_eq!((s.scheme, s.name.as_str()), (Scheme::Sqlite, "data/가게.db"));
        let s = s.relative_to(Path::new("/p"));
        assert_eq!(s.place(), "SQLite /p/data/가게.db");
        assert_eq!(DbSettings::default().place(), "MySQL `` at localhost:3306");
    }

    #[test]
    fn no_error_and_no_debug_shows_the_password() {
        for url in [
            "nonsense hunter2",
            "ftp://u:hunter2@h/x",
            "mysql:u:hunter2@h/x",
            "mysql://u:hunter2@h:99999/x",
            "mysql://u:hunter2@h/",
            "mysql://u:hunter2%zz@h/x",
            "mysql://u:hunter2@h/x?sslmode=hunter2",
            "mysql://u:hunter2@h/x?hunter2=1",
            "sqlite:",
        ] {
            let error = DbSettings::from_url(url).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        let shown = format!("{:?}", DbSettings::from_url("mysql://u:hunter2@h/x").unwrap());
        assert!(!shown.contains("hunter2") && shown.contains("(secret)"), "{shown}");
    }
}
