use super::*;

#[test]
fn neighbours_do_not_depend_on_which_evaluation_ends_first() {
    let place = place();
    let mut store = place.open();
    begin(&mut store, "r", 3);
    let fingerprint = sequence("x = 1\n");
    let arrivals: Vec<_> = ["a", "b", "c"]
        .iter()
        .enumerate()
        .map(|(ordinal, id)| Arrival {
            ordinal,
            submission_id: id,
            hotkey: "5Key",
            fingerprint: Fingerprint::Sequence(&fingerprint),
        })
        .collect();
    store.reserve("r", &arrivals, at_second(1)).unwrap();
    record(&mut store, &row("c", "5Key", 0.7)).unwrap();
    let before = |store: &Store, id| {
        let found = store
            .candidates(id, "5Key", Window::All, OwnHistory::Include)
            .unwrap();
        ids(&found).join(" ")
    };
    assert_eq!(before(&store, "a"), "");
    assert_eq!(before(&store, "b"), "a");
    assert_eq!(before(&store, "c"), "b a");
    assert_eq!(before(&store, "not here yet"), "c b a");
}

#[test]
fn rows_of_the_service_arrived_before_ours_in_their_own_order() {
    let place = place();
    let (early, late) = ("2024-01-01 00:00:00.000000", "2024-01-02 00:00:00.000000");
    make_service_file(
        &place,
        &[
            ("s2", "5A", 0.9, late),
            ("s1", "5A", 0.9, early),
            ("s3", "5A", 0.9, late),
        ],
    );
    let mut store = place.open();
    record(&mut store, &row("d1", "5B", 0.6)).unwrap();
    insert_as_service(&place.raw(), &[("s4", "5C", 0.1, early)]);
    let listed = |store: &Store| {
        let rows = store.submissions(9).unwrap();
        rows.into_iter()
            .map(|row| row.id)
            .collect::<Vec<_>>()
            .join(" ")
    };
    // One that comes now came after what is there, whatever its clock says.
    assert_eq!(listed(&store), "s4 d1 s3 s2 s1");
    record(&mut store, &row("d2", "5B", 0.6)).unwrap();
    assert_eq!(listed(&store), "d2 s4 d1 s3 s2 s1");
}

#[test]
fn a_row_that_the_service_replaces_keeps_its_place() {
    let place = place();
    let mut store = place.open();
    insert_as_service(
        &place.raw(),
        &[("s", "5S", 0.1, "2024-01-01 00:00:00.000000")],
    );
    record(&mut store, &row("d", "5B", 0.6)).unwrap();
    let replace = "INSERT OR REPLACE INTO submissions SELECT * FROM submissions WHERE id = 's'";
    place.raw().execute(replace, []).unwrap();
    let order: Vec<_> = store
        .submissions(9)
        .unwrap()
        .into_iter()
        .map(|row| row.id)
        .collect();
    assert_eq!(order, ["d", "s"]);
}

#[test]
fn a_table_that_the_service_made_anew_is_followed_again_after_opening() {
    let place = place();
    record(&mut place.open(), &row("d", "5B", 0.6)).unwrap();
    let raw = place.raw();
    raw.execute_batch("ALTER TABLE submissions RENAME TO old; CREATE TABLE submissions AS SELECT * FROM old; DROP TABLE old")
        .unwrap();
    insert_as_service(&raw, &[("s1", "5S", 0.1, "2024-01-01 00:00:00.000000")]);
    let store = place.open();
    insert_as_service(&raw, &[("s2", "5S", 0.1, "2023-01-01 00:00:00.000000")]);
    let order: Vec<_> = store
        .submissions(9)
        .unwrap()
        .into_iter()
        .map(|row| row.id)
        .collect();
    assert_eq!(order, ["s2", "s1", "d"]);
}

#[test]
fn a_row_of_the_service_uses_up_a_place_of_the_window() {
    let place = place();
    let mut store = place.open();
    record(&mut store, &row("a", "5A", 0.6)).unwrap();
    insert_as_service(
        &place.raw(),
        &[("s", "5S", 0.1, "2024-01-01 00:00:00.000000")],
    );
    let found = |window| {
        let found = store
            .candidates("new", "5B", window, OwnHistory::Include)
            .unwrap();
        ids(&found).join(" ")
    };
    assert_eq!(found(Window::Last(1)), "");
    assert_eq!(found(Window::Last(2)), "a");
    assert_eq!(found(Window::Last(0)), "");
}

#[test]
fn a_fingerprint_that_cannot_be_believed_is_noticed_and_can_be_replaced() {
    let damages = [
        "sequence = x'00'",
        "sequence = 'text'",
        "sequence = NULL",
        // Another node class: well-formed, but not what was stored.
        "sequence = CAST(replace(sequence, x'06', x'07') AS BLOB)",
        "digest = NULL",
        "digest = 7",
        "format = 99",
        "(sequence, digest) = (SELECT sequence, digest FROM fingerprints WHERE submission_id = 'other')",
    ];
    for damage in damages {
        let place = place();
        let mut store = place.open();
        record(&mut store, &row("a", "5A", 0.6)).unwrap();
        record(&mut store, &row("other", "5A", 0.6)).unwrap();
        let sql = format!("UPDATE fingerprints SET {damage} WHERE submission_id = 'a'");
        assert_eq!(place.raw().execute(&sql, []).unwrap(), 1);
        let candidates =
            |store: &Store| store.candidates("b", "5B", Window::All, OwnHistory::Include);
        let error = candidates(&store).expect_err(damage);
        assert!(error.to_string().contains("submission a"), "{error}");
        let stored = store.stored_fingerprints().unwrap();
        assert!(
            stored[0].is_unsound && stored[0].sequence.is_none(),
            "{damage}"
        );
        assert!(
            !stored[1].is_unsound && stored[1].sequence.is_some(),
            "{damage}"
        );
        let again = sequence("y = 2\n");
        store
            .replace_fingerprint("a", Fingerprint::Sequence(&again))
            .unwrap();
        assert_eq!(ids(&candidates(&store).unwrap()), ["other", "a"]);
        assert_eq!(
            store.stored_fingerprints().unwrap()[0].sequence,
            Some(again)
        );
    }
}

#[test]
fn a_submission_that_does_not_parse_is_known_not_to() {
    let place = place();
    let mut store = place.open();
    record(&mut store, &row("a", "5A", 0.6)).unwrap();
    store.replace_fingerprint("a", Fingerprint::None).unwrap();
    let stored = &store.stored_fingerprints().unwrap()[0];
    assert!(!stored.is_unsound && stored.sequence.is_none());
    let found = store.candidates("b", "5B", Window::All, OwnHistory::Include);
    assert!(found.unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A model of the rule: walk back from the submission, count what counts, keep what parses.
    #[test]
    fn candidates_are_those_of_a_simple_model(
        submissions in prop::collection::vec((0u8..3, any::<bool>()), 0..14),
        asked in 0usize..15, window in prop::option::of(0usize..10), own: bool,
    ) {
        let place = place();
        let mut store = place.open();
        begin(&mut store, "r", submissions.len());
        let names: Vec<(String, String)> = submissions
            .iter().enumerate()
            .map(|(number, (key, _))| (format!("id{number}"), format!("5Key{key}"))).collect();
        let fingerprint = sequence("def f(): return 1\n");
        let arrivals: Vec<_> = submissions.iter().enumerate().map(|(ordinal, (_, parses))| Arrival {
            ordinal,
            submission_id: &names[ordinal].0,
            hotkey: &names[ordinal].1,
            fingerprint: match parses {
                true => Fingerprint::Sequence(&fingerprint),
                false => Fingerprint::None,
            },
        }).collect();
        store.reserve("r", &arrivals, at_second(1)).unwrap();

        let (id, hotkey) = names.get(asked).cloned().unwrap_or(("new".into(), "5Key1".into()));
        let mut expected = Vec::new();
        let mut places = window.unwrap_or(usize::MAX);
        for number in (0..asked.min(names.len())).rev() {
            if !own && names[number].1 == hotkey {
                continue;
            }
            if places == 0 {
                break;
            }
            places -= 1;
            if submissions[number].1 {
                expected.push(names[number].0.as_str());
            }
        }

        let window = window.map_or(Window::All, Window::Last);
        let history = if own { OwnHistory::Include } else { OwnHistory::Exclude };
        let found = store.candidates(&id, &hotkey, window, history).unwrap();
        prop_assert_eq!(ids(&found), expected);
        prop_assert!(found.iter().all(|candidate| candidate.sequence == fingerprint));
    }
}
