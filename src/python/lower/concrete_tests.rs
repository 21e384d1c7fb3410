use super::*;

#[test]
fn fields_are_where_the_grammar_says() {
    let described: Vec<serde_json::Value> =
        serde_json::from_str(tree_sitter_python::NODE_TYPES).expect("the grammar's own JSON");
    let mut with_fields: Vec<&str> = described
        .iter()
        .filter(|kind| {
            kind["fields"]
                .as_object()
                .is_some_and(|all| !all.is_empty())
        })
        .map(|kind| kind["type"].as_str().expect("a name"))
        .collect();
    with_fields.sort_unstable();
    assert_eq!(WITH_FIELDS.as_slice(), with_fields);
    let mut extras: Vec<&str> = described
        .iter()
        .filter(|kind| kind["extra"] == true)
        .map(|kind| kind["type"].as_str().expect("a name"))
        .collect();
    extras.sort_unstable();
    assert_eq!(EXTRAS.as_slice(), extras);
}
