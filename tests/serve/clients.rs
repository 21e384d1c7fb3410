//! Clients that are slow, silent, greedy or do not speak HTTP.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{Answer, Place, Server};

/// Reads until the other side closes, and says what came; it has to close long before a patient server would.
fn cut_off(mut stream: TcpStream) -> Answer {
    let begun = Instant::now();
    let answer = Answer::read(&mut stream);
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "it was not cut off"
    );
    answer
}

#[test]
fn heads_and_bodies_that_do_not_come_are_not_waited_for() {
    let place = Place::new();
    let server = Server::start(&place, &["--client-timeout", "1"]);
    std::thread::scope(|scope| {
        let server = &server;
        for head in ["", "GET", "GET /status HTTP/1.1\r\nhost: x\r\n"] {
            scope.spawn(move || {
                let mut stream = server.connect();
                stream.write_all(head.as_bytes()).expect("sent");
                let answer = cut_off(stream);
                assert!(answer.status == 0 || answer.status == 408, "{answer:?}");
            });
        }
        for headers in ["content-length: 1000\r\n", "transfer-encoding: chunked\r\n"] {
            scope.spawn(move || {
                let mut stream = server.connect();
                let head = format!(
                    "POST /submit HTTP/1.1\r\nhost: x\r\nx-miner-hotkey: a\r\n{headers}\r\n"
                );
                stream.write_all(head.as_bytes()).expect("sent");
                cut_off(stream).is(408, "the request body took too long");
            });
        }
        // A byte now and then is no way to hold a connection either.
        scope.spawn(move || {
            let mut stream = server.connect();
            let head = "POST /submit HTTP/1.1\r\nhost: x\r\nx-miner-hotkey: a\r\ncontent-length: 1000\r\n\r\n";
            stream.write_all(head.as_bytes()).expect("sent");
            let mut slow = stream.try_clone().expect("a descriptor");
            let feeder = std::thread::spawn(move || {
                for _ in 0..100 {
                    std::thread::sleep(Duration::from_millis(200));
                    if slow.write_all(b"x").is_err() {
                        return;
                    }
                }
            });
            cut_off(stream).is(408, "the request body took too long");
            feeder.join().expect("it ends");
        });
        // A connection that is kept and not used.
        scope.spawn(move || {
            let mut stream = server.connect();
            stream
                .write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
                .expect("sent");
            assert_eq!(cut_off(stream).status, 200);
        });
        (0..20).for_each(|_| server.is_alive());
    });
    server.is_alive();
}

#[test]
fn who_asks_and_never_reads_is_cut_off() {
    let place = Place::new();
    let server = Server::start(&place, &["--client-timeout", "1"]);
    let mut stream = server.connect();
    let request = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100);
    let begun = Instant::now();
    // Sooner or later nothing is taken any more, and then the connection goes.
    let error = loop {
        if let Err(error) = stream.write_all(&request) {
            break error;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(25),
            "it is still listened to"
        );
    };
    assert_ne!(
        error.kind(),
        std::io::ErrorKind::WouldBlock,
        "the server still holds it: {error}"
    );
    server.is_alive();
}

#[test]
fn connections_are_bounded_and_given_back() {
    let place = Place::new();
    let server = Server::start(&place, &["--connections", "2", "--client-timeout", "2"]);
    let [one, two] = [server.connect(), server.connect()];
    // Two are held by the time a third is turned away.
    let end = Instant::now() + Duration::from_secs(10);
    let answer = loop {
        let answer = server.get("/health");
        if answer.status != 200 || Instant::now() > end {
            break answer;
        }
    };
    answer.is(503, "the server is busy");
    assert_eq!(answer.header("retry-after"), Some("2"));
    drop((one, two));
    while server.get("/health").status != 200 {
        assert!(
            Instant::now() < end + Duration::from_secs(10),
            "no place was given back"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_is_no_http_is_answered_or_cut_off() {
    let place = Place::new();
    let server = Server::start(&place, &["--client-timeout", "1"]);
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(1000));
    let wide = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(100_000));
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"\0\0\0\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /submit HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST /submit HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
        b"POST /submit HTTP/1.1\r\ntransfer-encoding: chunked\r\nx-miner-hotkey: a\r\n\r\nzz\r\n",
        b"POST /submit HTTP/1.1\r\ntransfer-encoding: chunked\r\nx-miner-hotkey: a\r\n\r\nffffffffffffffffff\r\n",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
        long.as_bytes(),
        many.as_bytes(),
        wide.as_bytes(),
    ] {
        let answer = server.exchange(bytes);
        let refused = [0, 400, 408, 414, 431, 505].contains(&answer.status);
        assert!(refused, "{:?}: {answer:?}", String::from_utf8_lossy(bytes).get(..60));
    }
    server.is_alive();
}

#[test]
fn who_leaves_in_the_middle_costs_nothing() {
    let place = Place::new();
    let server = Server::start(&place, &[]);
    for sent in [10, 1000, 100_000] {
        let mut stream = server.connect();
        let head = "POST /submit HTTP/1.1\r\nhost: x\r\nx-miner-hotkey: a\r\ncontent-length: 4000000\r\n\r\n";
        stream.write_all(head.as_bytes()).expect("sent");
        stream.write_all(&vec![0; sent]).expect("sent");
    }
    for _ in 0..50 {
        let mut stream = server.connect();
        stream
            .write_all(b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n")
            .expect("sent");
    }
    server.is_alive();
    assert_eq!(server.json("/status")["total_submissions"], 0);
}

#[test]
fn several_requests_on_one_connection_are_answered_in_turn() {
    let place = Place::new();
    let server = Server::start(&place, &[]);
    let mut stream = server.connect();
    let requests = "GET /health HTTP/1.1\r\nhost: x\r\n\r\nGET /nope HTTP/1.1\r\nhost: x\r\n\r\n\
                    HEAD /status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(requests.as_bytes()).expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("answers");
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("HTTP/1.1 "))
        .collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(
        lines[0].ends_with("200 OK")
            && lines[1].ends_with("404 Not Found")
            && lines[2].ends_with("200 OK")
    );
    assert!(text.ends_with("\r\n\r\n"), "a head has no body: {text}");
}
