//! A gateway whose standard error nobody reads any more.

use crate::running::Running;
use crate::serve::ON_LOOPBACK;
use crate::support::Place;
use mgw_fixtures::eventually::eventually;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use tokio::runtime::Handle;

/// Something to write to that is full, and its other end.
fn full() -> (OwnedFd, UnixStream) {
    let (mut writer, reader) = UnixStream::pair().expect("a pair of sockets");
    writer.set_nonblocking(true).expect("it is a socket");
    loop {
        match writer.write(&[b'.'; 4096]) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("{error}"),
        }
    }
    writer.set_nonblocking(false).expect("it is a socket");
    (writer.into(), reader)
}

async fn get(url: String) -> String {
    let answer = reqwest::get(url).await.expect("it answers");
    assert_eq!(answer.status(), 200);
    answer.text().await.expect("text")
}

/// How many lines of its log a gateway has lost.
async fn lost(admin: &str) -> u64 {
    let metrics = get(format!("{admin}/metrics")).await;
    let counted = metrics
        .lines()
        .find_map(|line| line.strip_prefix("mgw_log_lines_lost_total "));
    counted.and_then(|value| value.parse().ok()).expect("it is counted")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_hangs_holds_nothing_up_and_is_told_what_is_lost() {
    let place = Place::new();
    place.write(
        "openapi.yaml",
        "openapi: 3.0.0\ninfo: {title: Shop, version: 1.0.0}\nservers: [{url: 'http://localhost:1/'}]\n\
         paths: {/x: {get: {x-wso2-disable-security: true, responses: {}}}}\n",
    );
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    let mut arguments = vec!["run", "shop", "--output", "json"];
    arguments.extend(ON_LOOPBACK);
    let (writer, mut reader) = full();
    let mut gateway = Running::saying(place.command(&arguments), Stdio::from(writer));
    let serving = gateway.json_line();
    let admin = serving["admin"].as_str().expect("an address").to_owned();

    // What is wrong with the project now is told at every reload, and is more than a queue takes.
    let operations: String = (0..4000)
        .map(|number| format!("  /x{number}: {{get: {{x-wso2-disable-security: perhaps, responses: {{}}}}}}\n"))
        .collect();
    let definition = format!("openapi: 3.0.0\ninfo: {{title: Bad, version: 1.0.0}}\npaths:\n{operations}");
    place.write("shop/api_definitions/bad.yaml", &definition);
    eventually("lines are lost", || {
        gateway.signal("HUP");
        tokio::task::block_in_place(|| Handle::current().block_on(lost(&admin))) > 0
    });
    assert_eq!(get(format!("{admin}/health")).await, "{\"status\":\"healthy\"}");

    // Whoever reads again gets everything that waited, the number of what did not, and what is said from then on.
    let told = std::thread::spawn(move || {
        let mut told = Vec::new();
        reader.read_to_end(&mut told).map(|_| told)
    });
    gateway.signal("TERM");
    gateway.end().exits(0);
    let told = told.join().expect("no panic").expect("it is readable");
    let told = String::from_utf8_lossy(&told);
    assert!(
        told.contains("lines of this output are lost: nobody read it\n"),
        "{}",
        told.len()
    );
    assert!(
        told.trim_end().ends_with("Stopped"),
        "{}",
        &told[told.len().saturating_sub(400)..]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_nobody_reads_ends_when_it_is_told_to() {
    let place = Place::new();
    place.write(
        "openapi.yaml",
        "openapi: 3.0.0\ninfo: {title: Shop, version: 1.0.0}\nservers: [{url: 'http://localhost:1/'}]\n\
         paths: {/x: {get: {x-wso2-disable-security: true, responses: {}}}}\n",
    );
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    let mut arguments = vec!["run", "shop", "--output", "json"];
    arguments.extend(ON_LOOPBACK);
    let (writer, reader) = full();
    let mut gateway = Running::saying(place.command(&arguments), Stdio::from(writer));
    gateway.json_line();
    gateway.signal("TERM");
    gateway.end().exits(0);
    reader.shutdown(Shutdown::Both).expect("it was open all the time");
}

#[test]
fn what_stops_a_start_is_told() {
    let place = Place::new();
    place.write(
        "api_definitions/broken.yaml",
        "openapi: 3.0.0\ninfo: {title: A}\npaths: {}\n",
    );
    let outcome = place.mgw(&["run", "."]).exits(3);
    // The findings are said in the background, the error that ends the command is not; they come in order.
    let finding = outcome.stderr.find("broken.yaml").expect("the finding");
    let error = outcome.stderr.rfind("error: ").expect("the error");
    assert!(finding < error, "{}", outcome.stderr);
}
