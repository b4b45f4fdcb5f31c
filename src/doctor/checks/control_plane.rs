//! The way to the control plane, step by step: name, connection, certificate, answer.

use super::proxies::proxy_towards;
use super::{probe, validity};
use crate::cloud::http::{Answer, Call, Http, HttpOptions, Repeat};
use crate::doctor::{Finding, Sight};
use crate::failure::Failure;

const UNREACHABLE: &str = "Check network, firewall and address; behind a proxy set HTTPS_PROXY.";

/// Host and port, where they are to be connected to from here.
fn place(sight: &Sight) -> Result<(String, u16), Finding> {
    if sight.options.offline {
        return Err(Finding::skipped("nothing is connected to (--offline)"));
    }
    let address = sight
        .control_plane()
        .map_err(|_| Finding::skipped("its address is not known"))?;
    let url = address.join([]);
    if let Some(proxy) = proxy_towards(&sight.environment, address.host()) {
        return Err(Finding::skipped(format!("it is reached through the proxy {proxy}")));
    }
    Ok((address.host().to_owned(), url.port_or_known_default().unwrap_or(443)))
}

pub(in crate::doctor) fn look_up(sight: &Sight) -> Vec<Finding> {
    let (host, port) = match place(sight) {
        Ok(place) => place,
        Err(skipped) => return vec![skipped],
    };
    vec![match probe::addresses(&host, port) {
        Ok(addresses) => Finding::ok(format!("{host} is {}", listed(&addresses))),
        Err(why) => Finding::warning(
            format!("{host} cannot be looked up: {why}"),
            "Check the address and the name servers of this machine; behind a proxy set HTTPS_PROXY.",
        ),
    }]
}

/// The first addresses; nobody reads a hundred.
fn listed(addresses: &[std::net::SocketAddr]) -> String {
    const SHOWN: usize = 4;
    let mut texts: Vec<String> = addresses
        .iter()
        .take(SHOWN)
        .map(|address| address.ip().to_string())
        .collect();
    if addresses.len() > SHOWN {
        texts.push(format!("{} more", addresses.len() - SHOWN));
    }
    texts.join(", ")
}

pub(in crate::doctor) fn connect(sight: &Sight) -> Vec<Finding> {
    let (host, port) = match place(sight) {
        Ok(place) => place,
        Err(skipped) => return vec![skipped],
    };
    vec![match probe::connect(&host, port) {
        Ok(_) => Finding::ok(format!("{host}:{port} takes connections")),
        Err(why) => Finding::warning(format!("{host}:{port} cannot be connected to: {why}"), UNREACHABLE),
    }]
}

pub(in crate::doctor) fn certificate(sight: &Sight) -> Vec<Finding> {
    let (host, port) = match place(sight) {
        Ok(place) => place,
        Err(skipped) => return vec![skipped],
    };
    let whose = format!("the certificate of {host}:{port}");
    vec![match probe::certificates(&host, port) {
        Ok(chain) => match chain.first() {
            Some(own) => {
                validity::decide(&whose, own, validity::now(), "Tell who runs the control plane.").at_most_a_warning()
            }
            None => Finding::warning(format!("{host}:{port} shows no certificate"), UNREACHABLE),
        },
        Err(why) => Finding::warning(format!("{host}:{port} did not agree on TLS: {why}"), UNREACHABLE),
    }]
}

/// Any answer counts: it shows that name, network, proxy and certificate are right.
pub(in crate::doctor) fn answer(sight: &Sight) -> Vec<Finding> {
    if sight.options.offline {
        return vec![Finding::skipped("nothing is connected to (--offline)")];
    }
    vec![match sight.answer() {
        Ok((place, answer)) => Finding::ok(format!("{place} can be reached; its answer was {}", answer.status)),
        // Serving needs no control plane.
        Err(failure) => Finding::of(failure).at_most_a_warning(),
    }]
}

/// Asks the control plane once.
pub(in crate::doctor) fn ask(sight: &Sight) -> Result<(String, Answer), Failure> {
    let address = sight.control_plane()?;
    let session = sight.store.as_ref().ok().and_then(|store| store.load().ok().flatten());
    let given = match (&sight.http, &session) {
        (Ok(options), Some(session)) if session.address == address => session.http_options(options),
        (Ok(options), _) => options.clone(),
        (Err(failure), _) => return Err(Failure::new(failure.code, failure.message.clone())),
    };
    let options = HttpOptions {
        connect_timeout: given.connect_timeout.min(probe::PATIENCE),
        timeout: given.timeout.min(probe::PATIENCE),
        ..given
    };
    let http = Http::new(&options, &sight.ui)?;
    let call = Call {
        repeat: Repeat::Never,
        ..Call::get(address.join([]))
    };
    let runtime = super::runtime()?;
    let answer = runtime.block_on(http.send(&call))?;
    Ok((address.to_string(), answer))
}
