//! Forms and columns.

use super::row::Row;
use super::*;
use crate::ir::Mode;

/// Headings of HAProxy 3.4.
#[test]
fn columns_are_haproxys() {
    let mut out = Vec::new();
    csv::title(&mut out);
    let text = String::from_utf8(out).unwrap();
    let golden = include_str!("../../../fixtures/stats/title.csv");
    assert_eq!(text, golden.lines().last().unwrap().to_owned() + "\n");
}

#[test]
fn lines_have_as_many_columns_as_the_title() {
    for kind in [Kind::Frontend, Kind::Backend, Kind::Server, Kind::Listener] {
        let row = Row::new(kind, Mode::Http);
        let mut out = Vec::new();
        csv::line(&row, &mut out);
        assert_eq!(out.iter().filter(|b| **b == b',').count(), 145);
    }
}

#[test]
fn texts_are_quoted_where_they_must_be() {
    let mut row = Row::new(Kind::Server, Mode::Http);
    row.set(0, "a,\"b\"".to_string());
    let mut out = Vec::new();
    csv::line(&row, &mut out);
    assert!(out.starts_with(b"\"a,\"\"b\"\"\","));
}
