//! The sandbox as a program, with a broker: what changes there is served with the event.

use super::setup::{PASSWORD, USER, running};
use crate::sandbox::Sandbox;
use crate::support::{Outcome, Place};
use mgw_fixtures::rabbitmq::RabbitMq;

const WEATHER: &str = "/1.0.0/weather/now";

async fn a_change_is_served(broker: &RabbitMq, tls: bool) {
    let place = Place::new();
    std::fs::copy(broker.authority(), place.path().join("broker.pem")).expect("it is copied");
    place.write("password", RabbitMq::PASSWORD);
    let address = match tls {
        true => format!("amqps://{}@localhost:{}/carbon", RabbitMq::USER, broker.tls_port),
        false => format!("amqp://{}@127.0.0.1:{}/carbon", RabbitMq::USER, broker.port),
    };
    let mut arguments = vec!["--shape", "apim-4.2", "--ca-file", "ca.pem"];
    arguments.extend(["--broker", &address, "--broker-password-file", "password"]);
    if tls {
        arguments.extend(["--broker-ca-file", "broker.pem"]);
    }
    let sandbox = Sandbox::start(&place, &arguments);
    let url = sandbox.text("url").to_owned();
    let mut login = place.command(&["login", "--url", &url, "--ca", "ca.pem", "--username", USER]);
    login.env("MGW_PASSWORD", PASSWORD);
    Outcome::of(login).exits(0);
    place.mgw(&["init", "shop"]).exits(0);
    place.mgw(&["pull", "shop", "--label", "dev"]).exits(0);
    place.mgw(&["build", "shop"]).exits(0);
    let trusted = if tls {
        "[apim.eventHub]\ncaFile = \"broker.pem\"\n"
    } else {
        ""
    };
    place.write("micro-gw.conf", trusted);
    let variables = [
        ("MGW_PASSWORD", PASSWORD),
        ("MGW_USERNAME", USER),
        ("MGW_BROKER_PASSWORD", RabbitMq::PASSWORD),
    ];
    // No poll will bring what this case waits for.
    let more = ["--connected", "--poll", "86400", "--broker", &address];
    let gateway = running(
        super::setup::command(&place, &variables, &more),
        &reqwest::Client::new(),
    );
    gateway
        .until("it is taken over", |told| {
            told["pulls"]["failed"] == 0 && told["state"] == "fresh"
        })
        .await;
    gateway
        .until_shown("it hears the event hub", "/ready", |ready| {
            ready["subscriptionData"]["notified"] == true
        })
        .await;
    gateway.until_status("an API", WEATHER, None, 200).await;
    place.mgw(&["sandbox", "retire", "Weather:1.0.0"]).exits(0);
    gateway.until_status("a retired API", WEATHER, None, 404).await;
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_the_sandbox_reaches_a_gateway_by_event() {
    let mut broker = RabbitMq::prepare();
    broker.start();
    for tls in [false, true] {
        a_change_is_served(&broker, tls).await;
    }
}
