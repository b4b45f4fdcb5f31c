//! One connection for all topics that the same brokers tell.

use super::client::EventHubClient;
use super::topic::Topic;
use crate::config::Brokers;
use crate::tls::connector;
use tokio_rustls::TlsConnector;

/// The connections that are to be made.
#[derive(Default)]
pub(crate) struct Connections(Vec<Planned>);

struct Planned {
    brokers: Brokers,
    /// Trusted beside the system's certificates, PEM.
    roots: Option<Vec<u8>>,
    /// `None`: no broker wants TLS.
    tls: Option<TlsConnector>,
    topics: Vec<Topic>,
}

impl Connections {
    /// Adds a topic. Brokers with TLS have to prove themselves to the system's certificates, or those of `roots`, PEM.
    ///
    /// # Errors
    ///
    /// What is wrong with `roots`.
    pub(crate) fn add(&mut self, brokers: &Brokers, roots: Option<Vec<u8>>, topic: Topic) -> Result<(), String> {
        let same = |planned: &&mut Planned| planned.brokers == *brokers && planned.roots == roots;
        if let Some(planned) = self.0.iter_mut().find(same) {
            planned.topics.push(topic);
            return Ok(());
        }
        let tls = brokers.addresses.iter().any(|address| address.tls);
        self.0.push(Planned {
            brokers: brokers.clone(),
            tls: tls.then(|| connector(roots.as_deref())).transpose()?,
            roots,
            topics: vec![topic],
        });
        Ok(())
    }

    /// Makes them on the runtime of `control`, and keeps them.
    pub(crate) fn start(self, control: &tokio::runtime::Handle) {
        for planned in self.0 {
            control.spawn(EventHubClient::new(planned.brokers, planned.tls, planned.topics).run());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ServerAddress;
    use crate::event_hub::amqp::TopicObserver;
    use crate::event_hub::{DecodeError, Outlet};
    use std::sync::Arc;

    #[derive(Debug)]
    struct Deaf;

    impl TopicObserver for Deaf {
        fn current(&self) {}
        fn lost(&self, _: &str) {}
        fn skipped(&self, _: DecodeError) {}
    }

    #[test]
    fn the_same_brokers_are_connected_to_once() {
        let brokers = |password: &str| Brokers {
            user: "ana".to_owned(),
            password: password.into(),
            virtual_host: "carbon".to_owned(),
            addresses: vec![ServerAddress {
                host: "one".to_owned(),
                port: 5671,
                tls: true,
            }],
        };
        let topic = |routing_key: &str| Topic {
            routing_key: routing_key.to_owned(),
            outlet: Outlet::notifications().0,
            observer: Arc::new(Deaf),
        };
        let mut connections = Connections::default();
        let made = rcgen::generate_simple_self_signed(vec!["one".to_owned()]).expect("a certificate");
        let roots = Some(made.cert.pem().into_bytes());
        for (brokers, roots, key) in [
            (brokers("a"), None, "1"),
            (brokers("a"), roots.clone(), "2"),
            (brokers("b"), roots.clone(), "3"),
            (brokers("a"), roots, "4"),
        ] {
            connections.add(&brokers, roots, topic(key)).expect("certificates");
        }
        let keys = connections.0.iter().map(|planned| {
            let keys = planned.topics.iter().map(|topic| topic.routing_key.as_str());
            keys.collect::<Vec<_>>()
        });
        assert_eq!(keys.collect::<Vec<_>>(), [vec!["1"], vec!["2", "4"], vec!["3"]]);
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
        assert!(connections.add(&brokers("a"), Some(broken), topic("5")).is_err());
    }
}
