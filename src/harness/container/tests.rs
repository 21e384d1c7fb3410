//! Behaviour of what needs no container.

use std::time::Duration;

use super::report::LONGEST_REPORT;
use super::usual as settings;
use super::*;

use crate::harness::{Ending, HarnessLimits};

const MARK: &str = "0123456789abcdef";
const LIMIT: u64 = 1000;

mod rules {
    use super::*;

    #[test]
    fn only_listed_images_are_used() {
        let check = |image: &str, allowed: &[&str]| {
            let settings = ContainerSettings {
                image: image.to_owned(),
                allowed_images: allowed.iter().map(|&rule| rule.to_owned()).collect(),
                ..settings()
            };
            settings.check()
        };
        assert!(check("python:3.12-slim", &["python:3.12-slim"]).is_ok());
        assert!(check("registry/python:3.12@sha256:ab", &["x", "registry/*"]).is_ok());
        assert!(check("anything", &["*"]).is_ok());
        for allowed in [
            &[][..],
            &["python:3.12"],
            &["python:3.12-slim-bookworm"],
            &["y*"],
        ] {
            let error = check("python:3.12-slim", allowed).unwrap_err();
            assert!(
                matches!(error, ContainerError::ImageNotAllowed { .. }),
                "{error}"
            );
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn what_is_no_image_name_never_reaches_a_command_line() {
        for image in ["", "-v", "a b", "a\n", "ü", ".a", &"a".repeat(256)] {
            let settings = ContainerSettings {
                image: image.to_owned(),
                allowed_images: vec!["*".to_owned()],
                ..settings()
            };
            let error = settings.check().unwrap_err();
            assert!(matches!(error, ContainerError::ImageName { .. }), "{error}");
        }
    }

    #[test]
    fn only_no_network_and_the_platforms_are_used() {
        for (network, good) in [
            ("none", true),
            ("platform_jobs", true),
            ("host", false),
            ("bridge", false),
            ("container:platform_x", false),
            ("platform_x,y", false),
            ("", false),
        ] {
            let settings = ContainerSettings {
                network: network.to_owned(),
                ..settings()
            };
            assert_eq!(settings.check().is_ok(), good, "{network}");
        }
    }

    #[test]
    fn the_image_is_the_first_name_on_the_list_else_the_live_services() {
        let choose = |list: &[&str]| {
            let list: Vec<String> = list.iter().map(|&rule| rule.to_owned()).collect();
            choose_image(&list)
        };
        assert_eq!(choose(&["registry/*", "a:1", "b:1"]), "a:1");
        assert_eq!(choose(&["python:*"]), "python:3.12-slim");
        assert_eq!(choose(&[]), "python:3.12-slim");
    }
}

mod owners {
    use super::*;

    #[test]
    fn a_job_names_its_owner_and_each_is_another() {
        let (one, two) = (Job::new("slug"), Job::new("slug"));
        assert_ne!(one.id, two.id);
        assert_ne!(one.name, two.name);
        assert_ne!(one.mark, two.mark);
        assert!(one.name.starts_with(&format!("slug-{}-", one.id)));
        assert_eq!(Owner::of_job(&one.id), Some(Owner::this()));
        assert!(!Owner::this().is_dead());
    }

    #[test]
    fn a_process_with_a_number_used_again_is_another_one() {
        let job = Job::new("slug").id;
        let mut parts: Vec<&str> = job.split('-').collect();
        parts[3] = "1";
        let owner = Owner::of_job(&parts.join("-")).unwrap();
        assert!(owner.is_dead());
        // The same on another machine may well be alive.
        parts[1] = "000000000000";
        let owner = Owner::of_job(&parts.join("-")).unwrap();
        assert!(!owner.is_dead());
    }

    #[test]
    fn jobs_of_other_programs_have_no_owner() {
        for id in [
            "",
            "7f3c",
            "dfab-a-1-2",
            "dfab-a-x-2-3",
            "dfab-a-1-2-3-4",
            "job-a-1-2-3",
        ] {
            assert_eq!(Owner::of_job(id), None, "{id}");
        }
    }
}

mod reports {
    use super::*;

    const GUARD: &str = "guard filter=dfab landlock=6 files=1000";
    const GOOD: &str = "code=0 by=exit oom=0 cpu=5 peak=7 kind=none links= size=";

    fn line(printed: &str, report: &str, file: &str) -> Vec<u8> {
        format!(
            "{MARK} begin\n{MARK} {GUARD}\n{printed}{MARK} report {report}\n{file}\n{MARK} end\n"
        )
        .into_bytes()
    }

    /// As a line that ended with the code it reports.
    fn read(stdout: &[u8]) -> Said {
        let text = String::from_utf8_lossy(stdout);
        let reported = text.rsplit("report code=").next().unwrap_or_default();
        let digits = reported.split(' ').next().unwrap_or_default();
        read_stdout(MARK, LIMIT, stdout, digits.parse().ok())
    }

    fn printed(stdout: Vec<u8>) -> (String, Option<Report>) {
        match read(&stdout) {
            Said::Began { stdout: part } => (String::from_utf8(keep(stdout, part)).unwrap(), None),
            Said::Reported {
                stdout: part,
                report,
            } => (String::from_utf8(keep(stdout, part)).unwrap(), Some(report)),
            other => panic!("{other:?}"),
        }
    }

    fn output(fields: &str, file: &str) -> OutputFile {
        let report = format!("code=0 by=exit oom= cpu= peak= {fields}");
        printed(line("", &report, file)).1.unwrap().output
    }

    #[test]
    fn what_was_printed_is_what_lies_before_the_report() {
        for text in ["", "a\n", "no newline", "\n\n", "ü\0\u{1b}[2J"] {
            let (stdout, report) = printed(line(text, GOOD, ""));
            assert_eq!(stdout, text);
            let report = report.unwrap();
            assert_eq!((report.code, report.by), (0, EndedBy::Exit));
            assert_eq!(
                (
                    report.killed_for_memory,
                    report.cpu_micros,
                    report.peak_bytes
                ),
                (Some(0), Some(5), Some(7))
            );
        }
    }

    #[test]
    fn a_harness_that_prints_reports_has_printed_them() {
        let forged = format!(
            "{MARK} report {GOOD}\n\n{MARK} end\n{MARK} begin\n{MARK} report code=3 by=exit\n"
        );
        let (stdout, report) = printed(line(&forged, &GOOD.replace("code=0", "code=9"), ""));
        assert_eq!(stdout, forged);
        assert_eq!(report.unwrap().code, 9);
    }

    #[test]
    fn the_file_is_decoded_and_measured() {
        let file = |size: &str, text: &str| output(&format!("kind=file links=1 size={size}"), text);
        assert_eq!(file("3", "YWJj"), OutputFile::Bytes(b"abc".to_vec()));
        assert_eq!(file("0", ""), OutputFile::None);
        assert_eq!(file("1001", ""), OutputFile::TooLarge { size: 1001 });
        for (size, text) in [("4", "YWJj"), ("3", "YWJ"), ("3", "%%%%"), ("3", "")] {
            let output = file(size, text);
            assert_eq!(
                output,
                OutputFile::Bad("changed while it was read"),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_output_file_is_named() {
        for (kind, word) in [
            ("link", "symbolic link"),
            ("folder", "folder"),
            ("fifo", "FIFO"),
            ("socket", "socket"),
            ("device", "device"),
            ("unreadable", "permission"),
            ("other", "regular"),
        ] {
            let output = output(&format!("kind={kind} links= size="), "");
            assert!(
                matches!(output, OutputFile::Bad(why) if why.contains(word)),
                "{kind}: {output:?}"
            );
        }
        let linked = output("kind=file links=2 size=3", "");
        assert!(matches!(linked, OutputFile::Bad(why) if why.contains("hard link")));
        let unknown = output("kind=file links= size=", "");
        assert!(matches!(unknown, OutputFile::Bad(_)), "{unknown:?}");
    }

    #[test]
    fn a_line_that_did_not_come_to_its_end_has_no_report() {
        let whole = line("printed\n", GOOD, "");
        for end in 0..whole.len() {
            match read(&whole[..end]) {
                Said::Nothing => assert!(end < format!("{MARK} begin\n").len()),
                Said::Began { .. } => {
                    let told = end >= format!("{MARK} begin\n{MARK} {GUARD}\n").len();
                    assert_eq!(read_guard(MARK, &whole[..end]).is_some(), told, "{end}");
                }
                other => panic!("{end}: {other:?}"),
            }
        }
        // Nor one whose beginning was lost.
        assert_eq!(read(&whole[1..]), Said::Nothing);
    }

    #[test]
    fn a_report_that_makes_no_sense_was_not_the_shells() {
        for report in [
            "",
            "code=x by=exit oom= cpu= peak= kind=none links= size=",
            "code=0 by=magic oom= cpu= peak= kind=none links= size=",
            "code=0 by=exit",
        ] {
            let said = read_stdout(MARK, LIMIT, &line("", report, ""), Some(0));
            assert!(matches!(said, Said::Began { .. }), "{report}: {said:?}");
        }
    }

    #[test]
    fn a_report_is_only_believed_of_a_line_that_ends_with_its_code() {
        let whole = line("printed\n", GOOD, "");
        let said = |exit| read_stdout(MARK, LIMIT, &whole, exit);
        assert!(matches!(said(Some(0)), Said::Reported { .. }));
        for exit in [None, Some(137), Some(1)] {
            assert!(matches!(said(exit), Said::Began { .. }), "{exit:?}");
        }
    }

    #[test]
    fn only_the_first_words_are_the_guards() {
        let forged = format!("{MARK} guard filter=dfab landlock=6 files=1\n");
        let said = |text: &str| read_guard(MARK, text.as_bytes());
        let first = said(&format!(
            "{MARK} begin\n{MARK} guard filter=engine landlock=0 files=0\n{forged}"
        ));
        assert_eq!(first, Guard::read("filter=engine landlock=0 files=0"));
        assert_eq!(said(&forged), None);
        assert_eq!(said(&format!("{MARK} begin\nrow\n{forged}")), None);
        assert_eq!(said(&format!("{MARK} begin\n{MARK} guard filter=")), None);
        let endless = format!(
            "{MARK} begin\n{MARK} guard filter=dfab {}\n",
            "x".repeat(1000)
        );
        assert_eq!(said(&endless), None);
    }

    #[test]
    fn what_cannot_be_killed_is_only_believed_of_a_line_that_ended_well() {
        let text = format!("{MARK} begin\n{MARK} {GUARD}\nrow\n{MARK} alive\n");
        let said = |exit| read_stdout(MARK, LIMIT, text.as_bytes(), exit);
        assert_eq!(said(Some(0)), Said::Alive);
        for exit in [None, Some(137)] {
            assert!(matches!(said(exit), Said::Began { .. }), "{exit:?}");
        }
    }

    #[test]
    fn a_harness_runs_only_behind_its_guard() {
        let report = || match read(&line("", GOOD, "")) {
            Said::Reported { report, .. } => report,
            other => panic!("{other:?}"),
        };
        let said = |killed_for_memory| Said::Reported {
            stdout: 0..0,
            report: Report {
                killed_for_memory,
                ..report()
            },
        };
        let check = |said: Said, guard: Option<&str>| {
            let guard = guard.and_then(Guard::read);
            check_started(&said, guard.as_ref(), &settings(), b"no encodings\n")
        };
        let bound = Some("filter=dfab landlock=6 files=1000");
        assert!(check(said(Some(0)), bound).is_ok());
        let error = check(said(Some(0)), None).unwrap_err();
        assert!(error.to_string().contains("no encodings"), "{error}");
        assert!(
            check(said(Some(1)), None).is_ok(),
            "memory has an ending of its own"
        );
        let refused = check(said(Some(0)), Some("filter=kernel landlock=0 files=0"));
        assert!(matches!(refused, Err(ContainerError::Unfiltered { .. })));
        let alive = check(Said::Alive, bound);
        assert!(matches!(alive, Err(ContainerError::StillAlive)));
    }

    #[test]
    fn a_line_that_refuses_says_what_is_missing() {
        let said = read(format!("{MARK} no-entrypoint\n").as_bytes());
        let missing = "entrypoint".to_owned();
        assert_eq!(said, Said::Refused { missing });
    }

    #[test]
    fn stderr_is_cut_out_of_what_others_say() {
        let cases = [
            (
                format!("WARNING: no swap\n{MARK} begin\nboom\n{MARK} end\nbye\n"),
                "boom\n",
            ),
            (format!("{MARK} begin\nno end"), "no end"),
            (
                format!("the tail of much\n{MARK} end\n"),
                "the tail of much\n",
            ),
            (
                format!("{MARK} begin\n{MARK} end\n{MARK} end\n"),
                &format!("{MARK} end\n"),
            ),
        ];
        for (all, expected) in cases {
            assert_eq!(read_stderr(MARK, all.as_bytes()), expected.as_bytes());
        }
    }

    #[test]
    fn a_flood_is_noticed_soon_and_a_report_at_the_limit_is_none() {
        let limit = usize::try_from(LIMIT).unwrap();
        let in_it = |stdout: &[u8]| Flood::new(MARK, LIMIT).is_in(stdout);
        let flood = format!("{MARK} begin\n{}", "x".repeat(limit + 2 * LONGEST_REPORT));
        assert!(in_it(flood.as_bytes()));
        assert!(!in_it(&flood.as_bytes()[..limit]));
        let file = "A".repeat(limit.div_ceil(3) * 4);
        let fields = GOOD.replace("none", "file");
        let full = line(&"x".repeat(limit), &fields, &file);
        assert!(!in_it(&full));
        // It is decided once, however much comes later.
        let mut flood = Flood::new(MARK, LIMIT);
        assert!(!flood.is_in(&full));
        assert!(!flood.is_in(&[full.clone(), vec![b'x'; 100_000]].concat()));
        assert!(full.len() as u64 <= most_bytes(LIMIT));
    }
}

mod outcomes {
    use super::*;

    #[test]
    fn what_nobody_was_asked_for_is_not_said_to_be_in_force() {
        let missing = |maker, guard: Option<&str>| {
            let guard = guard.and_then(Guard::read);
            let list = enforced(&settings(), maker, guard.as_ref(), "wall");
            let missing = list.iter().filter(|one| one.missing.is_some());
            missing.map(|one| one.name.clone()).collect::<Vec<_>>()
        };
        let bound = Some("filter=dfab landlock=6 files=1000");
        assert_eq!(missing(Maker::Engine, bound), ["cpu_time", "file_locks"]);
        let unknown = ["cpu_time", "file_locks", "seccomp", "landlock", "file_size"];
        assert_eq!(missing(Maker::Engine, None), unknown);
        let behind_a_broker = missing(Maker::Broker, bound);
        assert!(
            behind_a_broker.contains(&"capabilities".to_owned()),
            "{behind_a_broker:?}"
        );
        assert!(
            !behind_a_broker.contains(&"no_new_privs".to_owned()),
            "{behind_a_broker:?}"
        );
        assert!(missing(Maker::Broker, None).contains(&"no_new_privs".to_owned()));
    }

    fn limits() -> HarnessLimits {
        HarnessLimits {
            wall_time: Duration::from_secs(5),
            cpu_seconds: 5,
            memory_bytes: 1,
            tmp_bytes: 1,
            pids: 1,
            open_files: 1,
            max_output_size_bytes: LIMIT,
        }
    }

    fn outcome(ended: Ended, stdout: &[u8]) -> crate::harness::Outcome {
        let facts = Facts {
            stdout: stdout.to_vec(),
            stderr: Vec::new(),
            wall_seconds: 1.0,
            enforced: Vec::new(),
        };
        conclude(ended, facts, &limits(), &settings())
    }

    fn reported(code: i32, by: EndedBy) -> Report {
        Report {
            code,
            by,
            killed_for_memory: Some(0),
            cpu_micros: Some(1_500_000),
            peak_bytes: Some(7),
            output: OutputFile::None,
        }
    }

    #[test]
    fn an_exit_code_above_128_is_a_signal_unless_the_shell_knows_better() {
        let ending = |code, by| outcome(Ended::Reported(reported(code, by)), b"").ending;
        assert_eq!(ending(0, EndedBy::Exit), Ending::Ok);
        assert_eq!(ending(3, EndedBy::Exit), Ending::Exit { code: 3 });
        assert_eq!(ending(139, EndedBy::Signal), Ending::Signal { number: 11 });
        assert_eq!(ending(139, EndedBy::Either), Ending::Signal { number: 11 });
        assert_eq!(ending(139, EndedBy::Exit), Ending::Exit { code: 139 });
        assert_eq!(ending(255, EndedBy::Either), Ending::Exit { code: 255 });
    }

    #[test]
    fn a_kill_for_memory_is_told_from_another_kill() {
        let report = Report {
            killed_for_memory: Some(1),
            ..reported(137, EndedBy::Signal)
        };
        let run = outcome(Ended::Reported(report), b"");
        assert_eq!((run.ending, run.returncode), (Ending::Oom, 137));
        assert!(run.error_text().unwrap().contains("4g"));
        let run = outcome(Ended::Reported(reported(137, EndedBy::Signal)), b"");
        assert_eq!(run.ending, Ending::Signal { number: 9 });
        for (killed_for_memory, expected) in [(true, Ending::Oom), (false, Ending::TimeoutWall)] {
            let run = outcome(Ended::TimedOut { killed_for_memory }, b"");
            assert_eq!(run.ending, expected);
        }
    }

    #[test]
    fn the_output_file_decides_only_over_a_run_that_went_well() {
        let bad = |code| Report {
            output: OutputFile::Bad("is a FIFO"),
            ..reported(code, EndedBy::Exit)
        };
        let run = outcome(Ended::Reported(bad(0)), b"printed");
        assert_eq!((run.ending, run.returncode), (Ending::BadOutput, 0));
        assert_eq!(run.error_text().unwrap(), "harness output is a FIFO");
        let run = outcome(Ended::Reported(bad(2)), b"printed");
        assert_eq!(run.ending, Ending::Exit { code: 2 });
        assert_eq!(run.error_text().unwrap(), "printed");
    }

    #[test]
    fn stdout_over_the_limit_fails_whatever_else_happened() {
        let run = outcome(
            Ended::Reported(reported(0, EndedBy::Exit)),
            &[b'x'; LIMIT as usize + 1],
        );
        assert_eq!((run.ending, run.returncode), (Ending::OutputLimit, 137));
        assert_eq!(run.stdout.len() as u64, LIMIT);
        assert_eq!(run.cpu_seconds, Some(1.5));
    }

    #[test]
    fn a_harness_that_ends_the_shell_has_not_succeeded() {
        let unreported = |code| Ended::Unreported {
            code,
            killed_for_memory: false,
        };
        assert_eq!(outcome(unreported(0), b"x").ending, Ending::BadOutput);
        assert_eq!(
            outcome(unreported(137), b"x").ending,
            Ending::Signal { number: 9 }
        );
    }
}
