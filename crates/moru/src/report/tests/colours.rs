//! Text can be told from its ground in light and dark: the contrast that WCAG 2 asks of text is 4.5, of
//! drawings 3.

use std::collections::HashMap;

/// The custom properties of the first and the second `:root` of the style: light and dark.
fn themes() -> [HashMap<&'static str, &'static str>; 2] {
    let style = include_str!("../style.css");
    let mut roots = style.split(":root {").skip(1).map(|rest| {
        let body = rest.split('}').next().unwrap();
        body.split(';')
            .filter_map(|line| line.trim().split_once(':'))
            .map(|(k, v)| (k.trim(), v.trim()))
            .collect()
    });
    [roots.next().unwrap(), roots.next().unwrap()]
}

/// Relative luminance of `#rrggbb` (WCAG 2.2).
fn luminance(colour: &str) -> f64 {
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_and_drawings_stand_out_in_both_themes() {
    assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 1e-9);
    let text = [
        ("--ink", "--paper"),
        ("--ink", "--card"),
        ("--soft", "--paper"),
        ("--soft", "--card"),
        ("--soft", "--tuned-soft"),
        ("--soft", "--open-soft"),
        ("--tuned", "--card"),
        ("--tuned", "--tuned-soft"),
        ("--good", "--card"),
        ("--good", "--paper"),
        ("--good", "--tuned-soft"),
        ("--good", "--good-soft"),
        ("--bad", "--card"),
        ("--bad", "--paper"),
        ("--bad", "--tuned-soft"),
        ("--bad", "--bad-soft"),
        ("--open", "--open-soft"),
        ("--mark-ink", "--mark"),
        ("--paper", "--ink"),
    ];
    let drawn = ["--tuned", "--base", "--other", "--valid", "--test"].map(|colour| (colour, "--card"));
    for (theme, name) in themes().iter().zip(["light", "dark"]) {
        let cases = text.iter().map(|pair| (pair, 4.5)).chain(drawn.iter().map(|pair| (pair, 3.0)));
        for ((front, back), least) in cases {
            let found = contrast(theme[front], theme[back]);
            assert!(found >= least, "{name}: {front} on {back} has {found:.2}, not {least}");
        }
    }
}
