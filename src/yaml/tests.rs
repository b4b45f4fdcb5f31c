use super::*;
use serde_json::json;

fn yaml(text: &str) -> Node {
    match parse("a.yaml", text.into(), Format::Yaml) {
        Ok((_, node)) => node,
        Err(error) => panic!("{error} at {:?}", error.position()),
    }
}

fn fails(text: &str, format: Format) -> (String, u32, u32) {
    let error = parse("a", text.into(), format).unwrap_err();
    let position = error.position().unwrap();
    (error.message, position.line, position.column)
}

#[test]
fn scalars_mean_what_yaml_1_2_says() {
    let node = yaml("a: yes\nb: 010\nc: 1_000\nd: true\ne: 5\nf: 1.5\ng: ~\nh: '5'\ni: on\nj: -3\n200: k\n");
    assert_eq!(
        node.to_json(),
        json!({"a": "yes", "b": "010", "c": "1_000", "d": true, "e": 5, "f": 1.5, "g": null, "h": "5", "i": "on",
               "j": -3, "200": "k"})
    );
}

#[test]
fn values_and_keys_know_their_places() {
    for (text, format) in [
        ("info:\n  titlé: Shop\n  tags: [a, bc]\n", Format::Yaml),
        (
            "{ \"info\":\n  {\"titlé\":\"Shop\",\n  \"tags\": [ 1, true]}}",
            Format::Json,
        ),
    ] {
        let (source, node) = parse("a", text.into(), format).unwrap();
        let title = node.at(["info"]).unwrap().member("titlé").unwrap();
        let key = source.position(title.key);
        let value = source.position(title.node.span);
        assert_eq!(key.line, 2, "{format:?}");
        assert!(value.column > key.column, "{format:?}");
        assert_eq!(source.slice(title.node.span).trim_matches('"'), "Shop");
        let second = node.at(["info", "tags", "1"]).unwrap();
        assert_eq!(source.position(second.span).line, 3);
        assert!(["bc", "true"].contains(&source.slice(second.span)));
    }
}

#[test]
fn columns_count_characters() {
    let (source, node) = parse("a", "{\"ü\": 1, \"b\": 2}".into(), Format::Json).unwrap();
    let position = source.position(node.get("b").unwrap().span);
    assert_eq!((position.line, position.column), (1, 15));
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    let (message, line, column) = fails("{\"a\": 1,\n \"a\": 2}", Format::Json);
    assert_eq!(
        (message.as_str(), line, column),
        ("the key `a` stands here a second time", 2, 2)
    );
    let (message, line, _) = fails("a: 1\nb: 2\na: 3\n", Format::Yaml);
    assert_eq!(message, "the key `a` stands here a second time");
    assert_eq!(line, 3);
    fails("200: 1\n\"200\": 2\n", Format::Yaml);
}

#[test]
fn mistakes_are_located() {
    assert_eq!(fails("{\"a\": 1,\n  b: 2}", Format::Json).1, 2);
    assert_eq!(fails("{\"a\": [1, 2}", Format::Json).1, 1);
    assert_eq!(fails("a:\n  b: 1\n c: 2\n", Format::Yaml).1, 3);
    assert_eq!(fails("a: [1, 2\nb: 3\n", Format::Yaml).1, 2);
    assert_eq!(fails("a: 1\rb: [\r", Format::Yaml).1, 2, "lines of old machines");
    let error = parse("a", b"a: \xff\n".to_vec(), Format::Yaml).unwrap_err();
    assert_eq!(error.position(), Some(Position { line: 1, column: 4 }));
}

#[test]
fn a_second_document_is_refused() {
    fails("a: 1\n---\nb: 2\n", Format::Yaml);
}

#[test]
fn aliases_stand_where_they_are_used() {
    let text = "a: &x {b: 1}\nc: *x\n";
    let (source, node) = parse("a", text.into(), Format::Yaml).unwrap();
    assert_eq!(node.at(["c", "b"]).and_then(Node::as_u64), Some(1));
    assert_eq!(source.position(node.get("c").unwrap().span).line, 2);
}

#[test]
fn bombs_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![below; 10].join(", ")));
    }
    parse("a", bomb.into(), Format::Yaml).unwrap_err();
    for text in ["[".repeat(100_000), "{\"a\":".repeat(100_000), "- ".repeat(100_000)] {
        parse("a", text.clone().into(), Format::Yaml).unwrap_err();
        parse("a", text.into(), Format::Json).unwrap_err();
    }
    let deep = format!(
        "{}1{}",
        "[".repeat(limits::MAX_DEPTH + 1),
        "]".repeat(limits::MAX_DEPTH + 1)
    );
    for format in [Format::Json, Format::Yaml] {
        parse("a", deep.clone().into(), format).unwrap_err();
    }
}

#[test]
fn large_files_are_refused_by_name_of_the_limit() {
    let error = parse("big.yaml", vec![b'a'; 40 << 20], Format::Yaml).unwrap_err();
    assert_eq!(error.message, "the file has 40 MB, more than the limit of 32 MB");
    assert_eq!(error.file, "big.yaml");
}

#[test]
fn a_byte_order_mark_is_dropped() {
    for (text, format) in [("\u{feff}{\"a\": 1}", Format::Json), ("\u{feff}a: 1\n", Format::Yaml)] {
        let (source, node) = parse("a", text.into(), format).unwrap();
        assert_eq!(source.slice(node.get("a").unwrap().span), "1");
    }
}

#[test]
fn keys_that_are_one_text_are_told_at_the_second() {
    for (text, line, column) in [
        ("a:\n  200: 1\n  x: 2\n  '200': 3\n", 4, 3),
        ("1: a\n1.0: b\n\"1\": c\n", 3, 1),
        ("{200: 1, '200': 3}\n", 1, 10),
    ] {
        let error = parse("a", text.into(), Format::Yaml).unwrap_err();
        let position = error.position().unwrap();
        assert_eq!((position.line, position.column), (line, column), "{text}");
        assert!(
            error.message.ends_with("stands here a second time"),
            "{}",
            error.message
        );
    }
}

#[test]
fn a_long_key_stands_behind_a_question_mark() {
    let key = "k".repeat(2000);
    assert_eq!(
        yaml(&format!("a:\n  ? {key}\n  : 1\n")).to_json(),
        json!({"a": {key: 1}})
    );
}

#[test]
fn surrogate_pairs_and_tabs_in_json() {
    let (_, node) = parse("a", "{\t\"a\":\t\"\\ud83d\\ude00\\/\"}".into(), Format::Json).unwrap();
    assert_eq!(node.get("a").and_then(Node::as_str), Some("😀/"));
}

#[test]
fn ambiguous_texts_are_quoted_when_written() {
    let value = json!({"a": "yes", "b": "null", "c": "1.0", "d": "010", "e": "2001-01-01", "f": [], "g": {}});
    let text = to_yaml(&value).unwrap();
    assert_eq!(yaml(&text).to_json(), value);
    for quoted in ["yes", "null", "1.0"] {
        assert!(!text.contains(&format!(": {quoted}\n")), "{text}");
    }
}

#[test]
fn the_format_is_told_by_name_or_first_character() {
    assert_eq!(Format::of_name("a/b.YML"), Some(Format::Yaml));
    assert_eq!(Format::of_name("a.json"), Some(Format::Json));
    assert_eq!(Format::of_name("README"), None);
    assert_eq!(Format::sniff(b" \n{"), Format::Json);
    assert_eq!(Format::sniff(b"openapi: 3.0.0"), Format::Yaml);
}

proptest::proptest! {
    #[test]
    fn no_input_makes_a_reader_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = parse("a", bytes.clone(), Format::Yaml);
        let _ = parse("a", bytes, Format::Json);
    }

    #[test]
    fn structured_garbage_makes_no_reader_panic(text in "[-:{}\\[\\], \n\"'&*a!|>#?%0-9]{0,80}") {
        let _ = parse("a", text.clone().into(), Format::Yaml);
        let _ = parse("a", text.into(), Format::Json);
    }
}

#[test]
fn a_tab_below_the_announcement_of_a_text_is_told_where_it_stands() {
    for (text, line, column) in [("a: |\n\tx\n", 2, 1), ("a: >-\n\tx\n", 2, 1), ("a:\n\tb: 1\n", 2, 2)] {
        let error = parse("a.yaml", text.as_bytes().to_vec(), Format::Yaml).unwrap_err();
        let position = error.position().unwrap();
        assert!(error.message.contains("a tab stands"), "{text:?} {error}");
        assert_eq!((position.line, position.column), (line, column), "{text:?}");
    }
}
