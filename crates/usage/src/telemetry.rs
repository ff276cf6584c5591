//! The telemetry of one product on one machine: consent, notice, and what may be sent.
//!
//! The decisions are pure functions ([`consent::decide`], [`notice::decide`]). This calls them in the
//! right order: nothing is recorded without consent, and nothing is sent before its notice was shown.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use jiff::Timestamp;

use crate::ci_environment::CiEnvironment;
use crate::consent::{self, Consent, Content, Preference, SourceLocations, Variables};
use crate::directories::Directories;
use crate::notice::{self, NoticeDecision, Revision};
use crate::product_file::ProductFile;
use crate::recorder::Recorder;
use crate::settings_file;
use crate::sink::{FileSink, MultiSink, Sink};
use crate::uploader::Uploader;

/// The file of events for the user, in the state directory.
const DEBUG: &str = "events.jsonl";

/// A product, its user and the environment that it runs in.
pub struct Telemetry<'s> {
    product: &'s ProductFile,
    directories: Directories,
    environment: &'s dyn Fn(&str) -> Option<OsString>,
    flag: bool,
    configuration: Option<&'s Path>,
    profile: Option<&'s str>,
    variables: Variables,
}

impl std::fmt::Debug for Telemetry<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Telemetry").field("product", &self.product.name).finish_non_exhaustive()
    }
}

impl<'s> Telemetry<'s> {
    /// Makes it for a product and an environment.
    #[must_use]
    pub fn of(product: &'s ProductFile, environment: &'s dyn Fn(&str) -> Option<OsString>) -> Self {
        Self {
            product,
            directories: Directories::of(environment),
            environment,
            flag: false,
            configuration: None,
            profile: None,
            variables: Variables::of(&product.name),
        }
    }

    /// Sets whether `--no-telemetry` was given.
    #[must_use]
    pub fn no_telemetry(mut self, flag: bool) -> Self {
        self.flag = flag;
        self
    }

    /// Sets the configuration and the profile that the user names.
    #[must_use]
    pub fn configuration(mut self, path: Option<&'s Path>, profile: Option<&'s str>) -> Self {
        (self.configuration, self.profile) = (path, profile);
        self
    }

    /// Gives the product.
    #[must_use]
    pub fn product(&self) -> &ProductFile {
        self.product
    }

    /// Gives the user's directories.
    #[must_use]
    pub fn directories(&self) -> &Directories {
        &self.directories
    }

    /// Reads every source, and decides.
    #[must_use]
    pub fn consent(&self) -> Consent {
        consent::decide(self.locations().read())
    }

    /// Gives the revision of what the product may send.
    #[must_use]
    pub fn revision(&self) -> Revision {
        Revision::of(self.product.all_schemas())
    }

    /// Decides what happens with the notice.
    #[must_use]
    pub fn notice(&self, consent: &Consent, people_watch: bool) -> NoticeDecision {
        let path = notice::path(&self.directories, &self.product.name);
        let shown = path.as_deref().and_then(notice::shown);
        notice::decide(notice::Situation {
            consent_given: consent.given,
            default: self.product.consent,
            revision: &self.revision(),
            shown: shown.as_ref(),
            people_watch,
            ci: CiEnvironment::of(self.environment).ci,
            stood: self.product.notice.stood.as_ref(),
        })
    }

    /// Gives the uploader of the events on this machine, or `None` without a state directory.
    #[must_use]
    pub fn uploader(&self) -> Option<Uploader> {
        self.directories.state(&self.product.name).map(Uploader::of)
    }

    /// Says whether anything may be sent now. Shows the notice to `people` if it is due.
    #[must_use]
    pub fn may_send(&self, people: Option<&mut dyn Write>) -> bool {
        let consent = self.consent();
        match self.notice(&consent, people.is_some()) {
            NoticeDecision::Show => {
                let path = notice::path(&self.directories, &self.product.name);
                let (Some(path), Some(people)) = (path, people) else { return false };
                let text = notice::text(self.product);
                // If the notice could not be shown, nothing is sent. Nobody else could be told.
                notice::show(&path, &self.revision(), &text, people).is_ok()
            }
            decision => decision.may_send(),
        }
    }

    /// Makes the recorder of a command. It is off without consent, and while the notice is due and
    /// nobody sees it: a later consent does not cover earlier commands.
    ///
    /// It is also off for a `version` that [no event can have](crate::event::EventSchema::accepts_version).
    ///
    /// If the flag or a variable denies, no file is read. `direct` is used in place of the spool.
    #[must_use]
    pub fn recorder(
        &self,
        version: &str,
        people: Option<&mut dyn Write>,
        direct: Option<Box<dyn Sink>>,
        clock: fn() -> Timestamp,
    ) -> Recorder {
        let objects = self.locations().objection().is_some() || self.prefers_off();
        if objects || !self.product.event_schema.accepts_version(version) || !self.may_send(people)
        {
            return Recorder::off();
        }
        let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
        if self.keeps_events() {
            sinks.extend(self.debug_file().map(|file| Box::new(file) as Box<dyn Sink>));
        }
        // What will never be sent is not stored either.
        if let Some(direct) = direct {
            sinks.push(direct);
        } else if self.product.server.is_some() && !self.product.direct {
            sinks
                .extend(self.uploader().map(|uploader| Box::new(uploader.sink()) as Box<dyn Sink>));
        }
        if sinks.is_empty() {
            return Recorder::off();
        }
        let sink = Box::new(MultiSink::new(sinks));
        let (vocabulary, events) = (self.product.vocabulary.clone(), self.product.event_version);
        Recorder::begin(vocabulary, version, events, sink).with_clock(clock)
    }

    /// Gives the file of events for the user, which `telemetry.debug` asks for.
    #[must_use]
    pub fn debug_file(&self) -> Option<FileSink> {
        let state = self.directories.state(&self.product.name)?;
        Some(FileSink::new(&state.join(DEBUG)))
    }

    /// Reads the preference before all other files, because it denies most often.
    fn prefers_off(&self) -> bool {
        let path = Preference::path(&self.directories, &self.product.name);
        // Any other text is judged with the other sources.
        let text = path.and_then(|path| settings_file::read(&path).ok());
        text.is_some_and(|text| text.trim() == "off")
    }

    fn keeps_events(&self) -> bool {
        let sources = self.locations().read();
        let profile = sources.profile.as_deref();
        sources.configurations.iter().any(|document| match &document.content {
            Content::Text(text) => consent::keeps_events(text, profile),
            Content::Absent | Content::Unreadable(_) => false,
        })
    }

    fn locations(&self) -> SourceLocations<'_> {
        SourceLocations {
            product: &self.product.name,
            variables: &self.variables,
            profiles: &self.product.profiles,
            profile: self.profile,
            flag: self.flag,
            environment: self.environment,
            directories: &self.directories,
            ktel_policy: Path::new(consent::KTEL_POLICY),
            product_policy: self.product.policy.as_deref(),
            configuration: self.configuration,
            default: self.product.consent,
        }
    }
}
