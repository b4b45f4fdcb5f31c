//! Brings a gateway up: compile, bind, then serve. Nothing is bound before the bundle is known to be good, and nothing
//! serves before everything is bound.

use super::control::{Control, unix_ms};
use super::prepare::{Prepared, serve_settings};
use super::running::{Addresses, RunningGateway, Threads};
use super::{Gateway, GatewayOptions, StartError};
use crate::access_log::{AccessLog, AccessLogTarget, Format, Writer};
use crate::auth::Security;
use crate::clock::Clock;
use crate::config::{Listener, RuntimeConfig};
use crate::core::Core;
use crate::server::{
    CertificateSources, CoreListener, Drain, Offer, ServeSettings, ServerTls, bind_shared, run, shareable,
};
use crate::shared_quotas::SharedQuotas;
use crate::snapshot::Snapshot;
use crate::throttle::Counters;
use crate::traffic_manager::{EventPublisher, EventQueue};
use crate::usage::{Usage, UsageQueue};
use crate::{admin, server};
use arc_swap::{ArcSwap, ArcSwapOption};
use mgw_bundle::Bundle;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{oneshot, watch};

/// Threads for what blocks, per event loop: looking up names. More look-ups wait for each other.
const BLOCKING_THREADS: usize = 16;

impl Gateway {
    /// Starts a gateway: binds every listener, then serves on threads of its own. Needs no runtime of the caller.
    ///
    /// # Errors
    ///
    /// The bundle does not fit the settings, a port is taken, a certificate is unusable. Nothing is left behind.
    pub fn start(
        bundle: &Bundle,
        config: RuntimeConfig,
        options: &GatewayOptions,
    ) -> Result<RunningGateway, StartError> {
        check_listeners(&config)?;
        let cores = core_count(&config, options);
        let control_runtime = runtime()?;
        let control = control_runtime.handle();
        let prepared = Prepared::new(bundle, &config, &config, &options.data_dir, cores, control, unix_ms())?;
        let Prepared {
            continued, snapshot, ..
        } = &prepared;
        let offer_tokens = continued.security.offers_tokens();
        let tls = if needs_client_tls(&config, offer_tokens) {
            let sources = CertificateSources::of(&config.listener, &options.data_dir);
            Some(ServerTls::new(&config, sources, snapshot.authenticator.client_trust())?)
        } else {
            None
        };
        let certificate = tls.as_ref().map(|tls| tls.origin.clone());
        let Bound {
            addresses,
            listeners,
            admin,
        } = bind(&config, tls.as_ref(), offer_tokens, cores)?;
        let (access_log, log_writer) = access_log(&config)?.unzip();
        let (publisher, queues) = publisher(&config, &continued.security, cores, control_runtime.handle())?;
        let (usage, usage_queues) = usage(&config, &continued.security, options, cores, control_runtime.handle())?;
        let (mut queues, mut usage_queues) = (queues.into_iter(), usage_queues.into_iter());
        let cores: Vec<Arc<Core>> = (0..cores)
            .filter_map(|number| prepared.core(&config, number, Clock::new()))
            .map(|core| {
                Arc::new(Core {
                    events: queues.next(),
                    access_log: access_log.clone(),
                    usage: usage_queues.next(),
                    ..core
                })
            })
            .collect();
        let Prepared {
            continued, snapshot, ..
        } = prepared;
        let settings = Arc::new(serve_settings(&config));
        let control = Arc::new(Control {
            config,
            continued,
            tls,
            event_groups: publisher.as_ref().map(EventPublisher::groups),
            usage: usage.as_ref().map(Usage::handle),
            cores,
            snapshot: ArcSwap::new(Arc::clone(&snapshot)),
            reloading: Mutex::default(),
            connected: ArcSwapOption::empty(),
            refused_bundle: ArcSwapOption::empty(),
            draining: AtomicBool::new(false),
            lost_log_lines: Arc::clone(&options.lost_log_lines),
            started_at: jiff::Timestamp::now(),
        });
        let writers = Writers {
            log_writer,
            publisher,
            usage,
        };
        control.continued.operator_blocks.hold();
        let threads = spawn(&control, control_runtime, listeners, admin, &settings, writers)?;
        announce(&snapshot, &addresses, certificate.as_ref());
        if control.continued.security.lacks_api_key_signer() {
            tracing::warn!(
                "nobody gets API keys, and /apikey is not found: there is no RSA key to sign them; set \
                 apikey.issuer.tokenConfig.privateKeyFile"
            );
        }
        Ok(RunningGateway::new(addresses, certificate, control, threads))
    }
}

/// The counters, and what they share with other gateways.
pub(super) type Quotas = (Arc<Counters>, Option<Arc<SharedQuotas>>);

pub(super) fn quotas(config: &RuntimeConfig, control: &Handle) -> Result<Quotas, StartError> {
    let counters = Counters::new(config.throttling.max_counters);
    let Some(settings) = &config.shared_quotas else {
        return Ok((Arc::new(counters), None));
    };
    let (shared, unstarted) = SharedQuotas::new(settings, control)?;
    let counters = Arc::new(counters.sharing(Arc::clone(shared.desk())));
    shared.start(unstarted, &counters);
    Ok((counters, Some(Arc::new(shared))))
}

/// A gateway that nobody can reach is a mistake.
pub(super) fn check_listeners(config: &RuntimeConfig) -> Result<(), StartError> {
    if config.listener.http_port.is_none() && config.listener.https_port.is_none() {
        return Err(StartError::NoListener);
    }
    Ok(())
}

/// Whether a listener speaks TLS.
pub(super) fn needs_client_tls(config: &RuntimeConfig, offer_tokens: bool) -> bool {
    config.listener.https_port.is_some() || offer_tokens
}

fn core_count(config: &RuntimeConfig, options: &GatewayOptions) -> usize {
    let configured = Some(config.listener.worker_threads).filter(|count| *count > 0);
    let available = || std::thread::available_parallelism().map_or(1, usize::from);
    shareable(options.cores.or(configured).unwrap_or_else(available).clamp(1, 1024))
}

struct Bound {
    addresses: Addresses,
    /// One list per core.
    listeners: Vec<Vec<CoreListener>>,
    admin: Option<std::net::TcpListener>,
}

fn bind(
    config: &RuntimeConfig,
    tls: Option<&ServerTls>,
    offer_tokens: bool,
    cores: usize,
) -> Result<Bound, StartError> {
    let host = config.listener.host;
    let mut listeners: Vec<Vec<CoreListener>> = (0..cores).map(|_| Vec::new()).collect();
    let mut add = |port: Option<u16>, setting, offer: Offer| -> Result<Option<SocketAddr>, StartError> {
        let Some(port) = port else { return Ok(None) };
        let (address, sockets) = bind_shared(SocketAddr::new(host, port), setting, cores)?;
        for (core, socket) in listeners.iter_mut().zip(sockets) {
            core.push(CoreListener {
                socket,
                tls: tls.filter(|_| offer.is_tls()).map(|tls| Arc::clone(&tls.config)),
                offer,
            });
        }
        Ok(Some(address))
    };
    let Listener {
        http_port,
        https_port,
        token_port,
        ..
    } = config.listener;
    let http = add(http_port, "listenerConfig.httpPort", Offer::Apis)?;
    let https = add(https_port, "listenerConfig.httpsPort", Offer::ApisAndServices)?;
    let token_port = Some(token_port).filter(|_| offer_tokens);
    let token = add(token_port, "listenerConfig.tokenListenerPort", Offer::Services)?;
    let (admin_address, admin) = if config.admin.enabled {
        let address = SocketAddr::new(config.admin.host, config.admin.port);
        let (address, mut sockets) = bind_shared(address, "adminConfig.port", 1)?;
        (Some(address), sockets.pop())
    } else {
        (None, None)
    };
    Ok(Bound {
        addresses: Addresses {
            http,
            https,
            token,
            admin: admin_address,
        },
        listeners,
        admin,
    })
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// `None`: there is no access log.
pub(super) fn access_log_target(config: &RuntimeConfig) -> Option<AccessLogTarget> {
    match (&config.access_log.path, config.access_log.console) {
        (Some(path), _) => Some(AccessLogTarget::File(path.clone())),
        (None, true) => Some(AccessLogTarget::Console),
        (None, false) => None,
    }
}

fn access_log(config: &RuntimeConfig) -> Result<Option<(AccessLog, Writer)>, StartError> {
    let Some(target) = access_log_target(config) else {
        return Ok(None);
    };
    let format = if config.access_log.json {
        Format::Json
    } else {
        Format::Combined
    };
    Ok(Some(AccessLog::start(&target, format, config.access_log.queue)?))
}

/// Starts telling the traffic manager, where that is switched on; returns a queue for each core.
pub(super) fn publisher(
    config: &RuntimeConfig,
    security: &Security,
    cores: usize,
    control: &Handle,
) -> Result<(Option<EventPublisher>, Vec<EventQueue>), StartError> {
    let Some(settings) = &config.event_publishing else {
        return Ok((None, Vec::new()));
    };
    let started = EventPublisher::start(settings, &security.traffic_manager, cores, control);
    let (publisher, queues) = started.map_err(|reason| StartError::TrafficManager {
        ca_file: settings.ca_file.clone(),
        reason,
    })?;
    Ok((Some(publisher), queues))
}

/// Starts keeping usage records, where that is switched on; returns a queue for each core.
fn usage(
    config: &RuntimeConfig,
    security: &Security,
    options: &GatewayOptions,
    cores: usize,
    control: &Handle,
) -> Result<(Option<Usage>, Vec<UsageQueue>), StartError> {
    let Some(settings) = &config.usage else {
        return Ok((None, Vec::new()));
    };
    let asking = &security.usage_service;
    let started = Usage::start(settings, asking, &options.data_dir, config.compat, cores, control);
    let (usage, queues) = started?;
    Ok((Some(usage), queues))
}

/// What takes what requests leave behind.
struct Writers {
    log_writer: Option<Writer>,
    publisher: Option<EventPublisher>,
    usage: Option<Usage>,
}

pub(super) fn runtime() -> Result<Runtime, StartError> {
    tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()
        .map_err(StartError::Thread)
}

fn spawn(
    control: &Arc<Control>,
    control_runtime: Runtime,
    listeners: Vec<Vec<CoreListener>>,
    admin: Option<std::net::TcpListener>,
    settings: &Arc<ServeSettings>,
    writers: Writers,
) -> Result<Threads, StartError> {
    let Writers {
        log_writer,
        publisher,
        usage,
    } = writers;
    let (drain, draining) = watch::channel(Drain::No);
    let mut threads = Threads {
        drain,
        cores: Vec::new(),
        control: None,
        stop_control: None,
        log_writer,
        usage,
    };
    for (core, listeners) in control.cores.iter().zip(listeners) {
        let runtime = runtime()?;
        let (core, settings, draining) = (Arc::clone(core), Arc::clone(settings), draining.clone());
        let thread = std::thread::Builder::new()
            .name(format!("mgw-core-{}", core.number))
            .spawn(move || run(runtime, &core, listeners, &settings, draining))
            .map_err(StartError::Thread)?;
        threads.cores.push(thread);
    }
    let runtime = control_runtime;
    let (stop, stopped) = oneshot::channel();
    let state = Arc::clone(control);
    let sweep_interval = control.config.throttling.sweep_interval;
    let rotation_interval = control.config.listener.certificate_reload;
    let thread = std::thread::Builder::new().name("mgw-control".into()).spawn(move || {
        runtime.block_on(async {
            let sweeping = tokio::spawn(sweep(Arc::clone(&state), sweep_interval));
            let rotating = rotation_interval.map(|interval| tokio::spawn(rotate(Arc::clone(&state), interval)));
            let serving = admin.map(|listener| tokio::spawn(serve_admin(listener, state)));
            // An error means that the gateway is gone: the same as being told to stop at once.
            let patience = stopped.await.unwrap_or_default();
            if let Some(publisher) = publisher {
                publisher.finish(patience).await;
            }
            sweeping.abort();
            if let Some(rotating) = rotating {
                rotating.abort();
            }
            if let Some(serving) = serving {
                serving.abort();
            }
        });
        runtime.shutdown_background();
    });
    threads.control = Some(thread.map_err(StartError::Thread)?);
    threads.stop_control = Some(stop);
    Ok(threads)
}

async fn serve_admin(listener: std::net::TcpListener, state: Arc<Control>) {
    match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => admin::serve(listener, state).await,
        Err(error) => tracing::error!(%error, "the admin listener could not be used"),
    }
}

async fn sweep(control: Arc<Control>, interval: Duration) {
    let mut ticks = tokio::time::interval(interval);
    loop {
        ticks.tick().await;
        control.continued.counters.sweep(unix_ms());
        control.continued.security.sweep(unix_ms());
        control.continued.endpoints.sweep();
    }
}

async fn rotate(control: Arc<Control>, interval: Duration) {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let looking = Arc::clone(&control);
        // A panic has been reported by then; the next look comes anyway.
        let _ = tokio::task::spawn_blocking(move || looking.rotate_files()).await;
    }
}

fn announce(snapshot: &Snapshot, addresses: &Addresses, certificate: Option<&server::CertificateOrigin>) {
    for (listener, address) in [
        ("http", addresses.http),
        ("https", addresses.https),
        ("token", addresses.token),
        ("admin", addresses.admin),
    ] {
        if let Some(address) = address {
            tracing::info!(listener, %address, "listening");
        }
    }
    tracing::info!(project = snapshot.project, bundle = %snapshot.digest, apis = snapshot.apis.len(), "serving");
    if let Some(
        server::CertificateOrigin::Generated { certificate } | server::CertificateOrigin::Kept { certificate },
    ) = certificate
    {
        tracing::warn!(
            certificate = %certificate.display(),
            "the TLS listener shows a self-signed certificate; set listenerConfig.certificateFile and \
             listenerConfig.privateKeyFile, or listenerConfig.keyStorePath"
        );
    }
}
