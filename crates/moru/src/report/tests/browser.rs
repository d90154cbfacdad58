//! The page in a real browser: nothing is wider than the screen, and the script runs.

use std::process::Command;

use eval::report::Language;

use super::{poisoned, sample};
use crate::report::render;

const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

fn browser() -> Option<&'static str> {
    let runs =
        |name: &&&str| Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success());
    let found = BROWSERS.iter().find(runs).copied();
    if found.is_none() {
        testing::skip("no browser (chromium)");
    }
    found
}

/// The DOM of a page after its scripts ran.
fn dom(browser: &str, html: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    std::io::Write::write_all(&mut std::fs::File::create(&page).unwrap(), html.as_bytes()).unwrap();
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
        ])
        .args(["--disable-component-update", "--disable-sync", "--window-size=1400,1000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Frames of several widths that each hold the page; a browser's own window has a least width.
fn framed(pages: &[(u32, String)]) -> String {
    let frames: String = pages
        .iter()
        .map(|(width, page)| {
            let escaped = page.replace('&', "&amp;").replace('"', "&quot;");
            format!(
                "<iframe width=\"{width}\" height=\"900\" style=\"border:0\" srcdoc=\"{escaped}\"></iframe>"
            )
        })
        .collect();
    format!(
        "<!doctype html><meta charset=utf-8><body>{frames}<script>addEventListener('load', () => {{
           const said = [...document.querySelectorAll('iframe')].map((frame) => {{
             const doc = frame.contentDocument, view = frame.contentWindow, root = doc.documentElement;
             for (const folded of doc.querySelectorAll('details')) folded.open = true;
             const wide = [...doc.querySelectorAll('body *')].filter((e) => !e.closest('nav, svg, .skip, thead')
               && (e.getBoundingClientRect().right > view.innerWidth + 1)).map((e) => e.tagName + '.' + e.className);
             const hairs = doc.querySelectorAll('.hair').length;
             const plot = doc.querySelector('[data-plot]');
             plot?.dispatchEvent(new view.PointerEvent('pointermove', {{ clientX: plot.getBoundingClientRect().right }}));
             const readout = doc.querySelector('.readout')?.textContent ?? '';
             return [view.innerWidth, root.scrollWidth, hairs, readout, wide.slice(0, 5).join(' ')].join(',');
           }});
           document.body.innerHTML = '<pre>' + said.join('|') + '</pre>';
         }});</script>"
    )
}

#[test]
fn nothing_is_wider_than_the_screen() {
    let Some(browser) = browser() else { return };
    let long = poisoned(&"가나다라마바사아자차카타파하abcdefghijklmnopqrstuvwxyz".repeat(6));
    let mut pages = Vec::new();
    for width in [320, 390, 820, 1280] {
        for language in super::LANGUAGES {
            pages.push((width, render(&sample::report(), language)));
        }
    }
    pages.push((390, render(&long, Language::Korean)));
    pages.push((390, render(&sample::empty(), Language::English)));
    let dom = dom(browser, &framed(&pages));
    let said = dom.split("<pre>").nth(1).and_then(|rest| rest.split("</pre>").next()).unwrap_or_default();
    let frames: Vec<Vec<&str>> = said.split('|').map(|frame| frame.split(',').collect()).collect();
    assert_eq!(frames.len(), pages.len(), "the browser said {said:?}");
    let mut readouts = 0;
    for ((width, page), frame) in pages.iter().zip(frames) {
        assert_eq!(frame[0], width.to_string());
        let scrolled: u32 = frame[1].parse().unwrap();
        assert!(scrolled <= *width, "{scrolled} at {width}: {frame:?}");
        let plots = page.matches("data-plot=").count();
        assert_eq!(frame[2], plots.to_string(), "the script did not run in every plot");
        assert_eq!(frame[4], "", "wider than {width}");
        let last = sample::report().training[0].steps.last().unwrap().step;
        if plots == 3 && frame[3].starts_with(['단', 's']) {
            assert!(frame[3].contains(&format!(" {last} · ")), "under the pointer: {:?}", frame[3]);
            readouts += 1;
        }
    }
    assert_eq!(readouts, 9, "plots that show values under the pointer");
}
