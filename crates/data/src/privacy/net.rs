//! Addresses of the network: emails, URLs with an identity, IP and hardware addresses.

use std::sync::LazyLock;

use super::chain::Chain;
use super::cues::Cue;
use super::entity::Entity;
use super::scan::{Found, Scan};
use crate::words::WordSet;

/// Generic top-level domains in common use; country codes are two letters and stand in [`COUNTRIES`].
const GENERIC: &str = " com net org info biz edu gov mil int name pro mobi asia jobs app dev io ai co me tv cc shop store online site \
    xyz club tech cloud blog email live news world today life work space website link click design agency media digital \
    company group center support services systems solutions global academy art bank cafe care chat city coffee community \
    consulting fit fun game games gallery health host hotel house inc land law ltd market money movie music network page \
    partners photo photos pizza plus press pub report rest review rocks school science social software studio style team \
    tips tools top tours town toys trade training travel video vip wiki win zone museum coop aero example invalid test \
    localhost kakao samsung google naver ";

/// ISO 3166-1 country codes in use as top-level domains.
const COUNTRIES: &str = " ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd \
    cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge gf gg gh \
    gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw \
    ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng \
    ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so \
    sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw ";

static COUNTRY_SET: LazyLock<WordSet> = LazyLock::new(|| WordSet::new(COUNTRIES.split_whitespace()));
static GENERIC_SET: LazyLock<WordSet> = LazyLock::new(|| WordSet::new(GENERIC.split_whitespace()));

fn is_top_level(label: &str) -> bool {
    let label = label.to_ascii_lowercase();
    if label.len() == 2 { COUNTRY_SET.contains(&label) } else { GENERIC_SET.contains(&label) }
}

/// Where the host ends that starts at `start`: labels of letters, digits and hyphens, the last one a TLD.
fn host_end(text: &str, start: usize) -> Option<usize> {
    let len = text[start..]
        .bytes()
        .take(255)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        .count();
    let mut end = start + len;
    // A sentence may go on right after the host: `hong@example.com.Thanks`.
    loop {
        let host = text[start..end].trim_end_matches(['.', '-']);
        let (head, label) = host.rsplit_once('.')?;
        if is_top_level(label) && head.split('.').all(|part| !part.is_empty()) {
            return Some(start + host.len());
        }
        end = start + head.len();
    }
}

/// The email around the `@` at `at`.
pub(crate) fn email(scan: &Scan<'_>, at: usize) -> Option<Found> {
    email_around(scan, at, at + 1)
}

/// The email whose local part ends at `left` and whose host starts at `right`.
fn email_around(scan: &Scan<'_>, left: usize, right: usize) -> Option<Found> {
    let local = scan.bytes[..left]
        .iter()
        .rev()
        .take(64)
        .take_while(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(b))
        .count();
    let is_edge = |b: &u8| !b.is_ascii_alphanumeric() && *b != b'_' && *b != b'+';
    let trimmed = scan.bytes[left - local..left].iter().take_while(|b| is_edge(b)).count();
    let mut start = left - local + trimmed;
    // `mailto:`, `id=` and slashes are not part of an address that people have.
    if let Some(cut) = scan.bytes[start..left].iter().rposition(|b| b"/=?&|{}`'".contains(b)) {
        start += cut + 1;
    }
    if start >= left {
        return None;
    }
    let end = match host_end(scan.text, right) {
        Some(end) => end,
        None => ip_literal(scan.bytes, right)?,
    };
    Some(Found { entity: Entity::Email, start, end })
}

/// `@[192.0.2.1]` and `@192.0.2.1`.
fn ip_literal(bytes: &[u8], at: usize) -> Option<usize> {
    let inner = at + usize::from(bytes.get(at) == Some(&b'['));
    let end = inner + ipv4_len(bytes.get(inner..)?)?;
    Some(if inner > at && bytes.get(end) == Some(&b']') { end + 1 } else { end })
}

/// `hong[at]example.com`, `hong(at)example.com`, `hong 골뱅이 naver.com`: the cue starts at `start`.
pub(crate) fn spelled_email(scan: &Scan<'_>, start: usize, end: usize) -> Option<Found> {
    let left = scan.text[..start].trim_end_matches(' ').len();
    let right = end + scan.bytes[end..].iter().take_while(|&&b| b == b' ').count();
    let found = email_around(scan, left, right)?;
    (found.end > right).then_some(found)
}

/// The URL with an identity around the `:` of `://`, or from a bare host.
pub(crate) fn url(scan: &Scan<'_>, colon: usize) -> Option<Found> {
    if !scan.bytes[colon..].starts_with(b"://") {
        return None;
    }
    let scheme = scan.bytes[..colon].iter().rev().take_while(|b| b.is_ascii_alphabetic()).count();
    if !(2..=12).contains(&scheme) {
        return None;
    }
    url_from(scan, colon - scheme, colon + 3)
}

/// The URL that starts with a cue of [`Cue::Web`], without a scheme.
pub(crate) fn bare_url(scan: &Scan<'_>, start: usize) -> Option<Found> {
    let before = start.checked_sub(1).map(|i| scan.bytes[i]);
    if before.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'@' | b'-')) {
        return None;
    }
    url_from(scan, start, start)
}

fn url_from(scan: &Scan<'_>, start: usize, authority: usize) -> Option<Found> {
    let len = scan.bytes[authority..]
        .iter()
        .take(2048)
        .take_while(|b| {
            b.is_ascii_graphic()
                && !matches!(b, b'"' | b'<' | b'>' | b'`' | b'{' | b'}' | b'|' | b'\\' | b'^')
        })
        .count();
    let body =
        scan.text[authority..authority + len].trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*']);
    let body = if body.contains('(') { body } else { body.split(')').next().unwrap_or(body) };
    let body = if body.contains('[') { body } else { body.split(']').next().unwrap_or(body) };
    let (host, rest) = body.split_at(body.find(['/', '?', '#']).unwrap_or(body.len()));
    let named = host.contains('@') || has_identity_path(host, rest) || has_identity_query(rest);
    (named && host.contains('.')).then_some(Found { entity: Entity::Url, start, end: authority + body.len() })
}

/// Hosts whose first path part is a person.
const PEOPLE_HOSTS: [&str; 12] = [
    "instagram.com",
    "facebook.com",
    "twitter.com",
    "x.com",
    "t.me",
    "open.kakao.com",
    "pf.kakao.com",
    "blog.naver.com",
    "github.com",
    "threads.net",
    "tiktok.com",
    "youtube.com",
];
/// Path parts before an identity.
const IDENTITY_PARTS: [&str; 25] = [
    "user",
    "users",
    "u",
    "member",
    "members",
    "profile",
    "profiles",
    "account",
    "accounts",
    "customer",
    "customers",
    "my",
    "mypage",
    "in",
    "people",
    "person",
    "id",
    "uid",
    "patient",
    "patients",
    "order",
    "orders",
    "invite",
    "reset",
    "verify",
];
/// Path parts that stand for a page after such a part, not for a person.
const PAGES: [&str; 22] = [
    "login",
    "signup",
    "join",
    "list",
    "new",
    "edit",
    "help",
    "faq",
    "guide",
    "settings",
    "home",
    "index",
    "main",
    "orders",
    "terms",
    "about",
    "register",
    "logout",
    "story",
    "permalink",
    "sharer",
    "share",
];
/// Query keys whose value is an identity.
const IDENTITY_KEYS: [&str; 43] = [
    "id",
    "uid",
    "user",
    "userid",
    "user_id",
    "username",
    "uname",
    "member",
    "memberid",
    "member_id",
    "memberno",
    "member_no",
    "mem_no",
    "email",
    "mail",
    "e-mail",
    "phone",
    "tel",
    "mobile",
    "hp",
    "name",
    "token",
    "session",
    "sessionid",
    "sid",
    "customer",
    "customerid",
    "customer_id",
    "cust_no",
    "custno",
    "account",
    "acct",
    "login",
    "loginid",
    "ssn",
    "rrn",
    "birth",
    "access_token",
    "auth",
    "order_id",
    "orderid",
    "orderno",
    "order_no",
];

fn has_identity_path(host: &str, rest: &str) -> bool {
    let path = rest.split(['?', '#']).next().unwrap_or("");
    let mut parts = path.split('/').filter(|p| !p.is_empty());
    let bare_host = host.trim_start_matches("www.").trim_start_matches("m.").to_ascii_lowercase();
    let social = PEOPLE_HOSTS.contains(&bare_host.as_str());
    let page =
        |p: &str| PAGES.iter().any(|page| p.split('.').next().is_some_and(|p| p.eq_ignore_ascii_case(page)));
    let (first, mut before) = (parts.next(), "");
    // A second part of github.com is a repository's name, not a person's.
    let repository = bare_host == "github.com" && parts.next().is_some();
    if social
        && !repository
        && first.is_some_and(|p| {
            !page(p) && !matches!(p, "p" | "watch" | "explore" | "reel" | "search" | "hashtag")
        })
    {
        return true;
    }
    for part in path.split('/').filter(|p| !p.is_empty()) {
        let follows = IDENTITY_PARTS.iter().any(|i| i.eq_ignore_ascii_case(before));
        if (follows && !page(part))
            || part.starts_with('@') && part.len() > 1
            || part.starts_with('~') && part.len() > 1
            || is_uuid(part)
        {
            return true;
        }
        before = part;
    }
    false
}

fn is_uuid(part: &str) -> bool {
    let lens = [8, 4, 4, 4, 12];
    let mut groups = part.split('-');
    lens.iter()
        .all(|&n| groups.next().is_some_and(|g| g.len() == n && g.bytes().all(|b| b.is_ascii_hexdigit())))
        && groups.next().is_none()
}

fn has_identity_query(rest: &str) -> bool {
    let Some((_, query)) = rest.split_once('?') else { return false };
    query.split(['&', ';', '#']).any(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        !value.is_empty()
            && (IDENTITY_KEYS.iter().any(|k| k.eq_ignore_ascii_case(key)) || value.contains('@'))
    })
}

/// The length of the dotted quad that the bytes start with.
fn ipv4_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    for octet in 0..4 {
        let n = bytes[at..].iter().take(4).take_while(|b| b.is_ascii_digit()).count();
        let value = bytes[at..at + n].iter().fold(0u32, |v, b| v * 10 + u32::from(b - b'0'));
        if !(1..=3).contains(&n) || value > 255 || (n > 1 && bytes[at] == b'0') {
            return None;
        }
        at += n;
        if octet < 3 {
            if bytes.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
    }
    Some(at)
}

/// An IPv4 address at group `i`: four dotted octets that no label calls a version.
pub(crate) fn ipv4(scan: &Scan<'_>, chain: &Chain<'_>, i: usize) -> Option<(Entity, usize)> {
    let groups = chain.groups();
    if groups.len() < i + 4 || !groups[i + 1..i + 4].iter().all(|g| g.sep.is_dot()) {
        return None;
    }
    let (start, end) = (groups[i].start, groups[i + 3].end);
    if ipv4_len(&scan.bytes[start..])? != end - start || !chain.stands_alone(i, i + 4) {
        // A port or mask may follow, as another tight group it may not.
        let mask = groups.get(i + 4).is_some_and(|g| scan.bytes[g.start - 1] == b'/');
        if ipv4_len(&scan.bytes[start..]) != Some(end - start) || !mask {
            return None;
        }
    }
    if scan.is_glued(start, end) && !matches!(scan.bytes.get(end), None | Some(b':' | b'/')) {
        return None;
    }
    let rest = scan.text[end..].trim_start_matches(' ');
    let section = ["버전", "버젼", "version", "항", "절", "조", "장"].iter().any(|w| rest.starts_with(w));
    let before = scan.text[..start].trim_end_matches(' ');
    let section_mark = before.ends_with('제') || before.ends_with('§') || before.ends_with(['v', 'V']);
    let label = scan.label_before(start);
    if label == Some(Cue::Ip) {
        return Some((Entity::Ip, i + 4));
    }
    (!section
        && !section_mark
        && label != Some(Cue::Version)
        && scan.bytes[start] != b'0'
        && !scan.is_inside_code(start, end))
    .then_some((Entity::Ip, i + 4))
}

/// The IPv6 or hardware address around the colon at `at`.
pub(crate) fn colon_hex(scan: &Scan<'_>, at: usize) -> Option<Found> {
    let part = |b: &u8| b.is_ascii_hexdigit() || *b == b':';
    let mut start = at - scan.bytes[..at].iter().rev().take(45).take_while(|b| part(b)).count();
    // The colon of a label (`IP:2001:…`) is not the address's.
    if scan.bytes[start] == b':' && scan.bytes.get(start + 1) != Some(&b':') {
        start += 1;
    }
    if start > at {
        return None;
    }
    let mut end = at + scan.bytes[at..].iter().take(45).take_while(|b| part(b)).count();
    if scan.bytes[start..end].ends_with(b":") && !scan.bytes[start..end].ends_with(b"::") {
        end -= 1;
    }
    let word = &scan.text[start..end];
    if scan.is_glued(start, end) {
        return None;
    }
    if is_mac(word, ':') {
        return Some(Found { entity: Entity::Mac, start, end });
    }
    is_ipv6(word).then_some(Found { entity: Entity::Ip, start, end })
}

/// The hardware address with hyphens around the hyphen at `at`.
pub(crate) fn hyphen_hex(scan: &Scan<'_>, at: usize) -> Option<Found> {
    let (start, end) = (at.checked_sub(2)?, at + 15);
    let word = scan.text.get(start..end)?;
    let named = || {
        let before: Vec<char> = scan.text[..start].chars().rev().take(12).collect();
        let before: String = before.into_iter().rev().collect::<String>().to_ascii_lowercase();
        ["mac", "맥주소", "맥 주소"].iter().any(|label| before.contains(label))
    };
    let is_address = is_mac(word, '-') || (is_pairs(word, '-') && named());
    (is_address && !scan.is_glued(start, end) && !scan.is_inside_code(start, end)).then_some(Found {
        entity: Entity::Mac,
        start,
        end,
    })
}

fn is_mac(word: &str, sep: char) -> bool {
    // `12-34-56-78-90-12` with hyphens is more often a code; a letter makes it hexadecimal.
    is_pairs(word, sep) && (sep == ':' || word.bytes().any(|b| b.is_ascii_alphabetic()))
}

/// Whether a text is six pairs of hexadecimal digits.
fn is_pairs(word: &str, sep: char) -> bool {
    let mut n = 0;
    let pairs = word.split(sep).all(|p| {
        n += 1;
        p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit())
    });
    pairs && n == 6
}

fn is_ipv6(word: &str) -> bool {
    let groups = word.split(':').count();
    let enough = (word.contains("::") && word.len() >= 6) || groups == 8;
    enough && word.bytes().any(|b| b.is_ascii_digit()) && word.parse::<std::net::Ipv6Addr>().is_ok()
}
