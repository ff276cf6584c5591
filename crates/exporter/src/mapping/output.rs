//! Writes requests: begins resource, scope and metric, and ends a request when it is full.

use bytes::Bytes;
use ktel_otlp::{
    Attributes, InstrumentationScope, KeyValue, Metric, MetricsWriter, PointKind, PointsWriter,
    Resource,
};

use super::attributes::AttributeLimits;
use super::family::{Family, type_word};
use super::identity::OWN_SCOPE;
use super::index::{Scope, Target};
use super::shape::Shape;
use super::tally::Tally;
use super::unit;
use crate::batch::Batch;
use crate::time::Window;

/// Data points of one metric that wait to be written.
pub(super) trait Points {
    type Kind: PointKind;

    /// Writes as many as there is room for; says whether that was all.
    fn push(
        &mut self,
        out: &mut PointsWriter<'_, Self::Kind>,
        room: Room,
        tally: &mut Tally,
    ) -> bool;

    /// Leaves out the next one: it is too long for any request.
    fn skip(&mut self, tally: &mut Tally);
}

/// How much a request still takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) points: usize,
    /// How long the whole request may be.
    pub(super) length_max: usize,
}

/// Begins a metric in a request.
pub(super) type Begin<K> = for<'w> fn(&'w mut MetricsWriter, &Metric<'_>) -> PointsWriter<'w, K>;

/// A resource or scope that is open in the request, and how many points were there before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    id: u32,
    points: usize,
}

/// Where a metric belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a, 's> {
    pub(super) target_id: u32,
    pub(super) target: &'a Target<'s>,
    pub(super) scope_id: u32,
    pub(super) scope: &'a Scope<'s>,
}

/// Writes requests and gives them on.
pub(super) struct Output<'a> {
    room: Room,
    limits: AttributeLimits,
    window: Window,
    number: u32,
    request: MetricsWriter,
    target: Option<Open>,
    scope: Option<Open>,
    attributes: Attributes,
    /// A target, and how many attributes its resource has.
    counted: Option<(u32, usize)>,
    /// How long the request before was: the next will be as long.
    expected: usize,
    take: &'a mut dyn FnMut(Batch),
}

impl<'a> Output<'a> {
    pub(super) fn new(
        shape: &Shape,
        window: Window,
        number: u32,
        take: &'a mut dyn FnMut(Batch),
    ) -> Self {
        let points = if shape.batch.is_enabled { shape.batch.points_max } else { usize::MAX };
        Self {
            room: Room { points: points.max(1), length_max: shape.batch.bytes_max },
            limits: AttributeLimits::new(&shape.accepts),
            window,
            number,
            request: MetricsWriter::new(),
            target: None,
            scope: None,
            attributes: Attributes::new(),
            counted: None,
            expected: 0,
            take,
        }
    }

    /// Writes the points of a metric, over as many requests as it takes.
    pub(super) fn write<P: Points>(
        &mut self,
        place: Place<'_, '_>,
        family: &Family<'_>,
        has_ranges: bool,
        begin: Begin<P::Kind>,
        points: &mut P,
        tally: &mut Tally,
    ) {
        let unit = unit::to_ucum(family.metadata.map_or("", |metadata| &metadata.unit));
        let kind = Some(type_word(family.kind).into());
        let metadata = [
            KeyValue { key: "prometheus.type", value: kind },
            // Says that empty buckets were no series.
            KeyValue { key: "victoriametrics.buckets", value: Some("vmrange".into()) },
        ];
        let metadata = metadata.get(..1 + usize::from(has_ranges)).unwrap_or_default();
        let metric = Metric {
            name: family.name,
            description: family.metadata.map_or("", |metadata| &metadata.help),
            unit: &unit,
            metadata: metadata.into(),
            ..Metric::default()
        };
        loop {
            self.enter(place);
            let before = self.request.items();
            let room = Room { points: self.room.points - before, ..self.room };
            let mut writer = begin(&mut self.request, &metric);
            let is_done = points.push(&mut writer, room, tally);
            tally.points += (self.request.items() - before) as u64;
            self.take_back_empty();
            let is_full = self.request.items() >= self.room.points;
            if is_full || !is_done && !self.request.is_empty() {
                self.flush();
            } else if !is_done {
                points.skip(tally);
            }
            if is_done {
                return;
            }
        }
    }

    /// Gives on what is left.
    pub(super) fn finish(mut self) {
        if !self.request.is_empty() {
            self.flush();
        }
    }

    /// Says how many attributes a resource has, as it is written.
    pub(super) fn resource_attributes(&mut self, place: Place<'_, '_>) -> usize {
        match self.counted {
            Some((target, count)) if target == place.target_id => count,
            _ => {
                let count = self.read_target(place.target);
                self.counted = Some((place.target_id, count));
                count
            }
        }
    }

    fn read_target(&mut self, target: &Target<'_>) -> usize {
        self.attributes.clear();
        self.limits.push_target(target, &mut self.attributes)
    }

    fn enter(&mut self, place: Place<'_, '_>) {
        let points = self.request.items();
        if self.target.is_none_or(|open| open.id != place.target_id) {
            self.read_target(place.target);
            let resource = Resource { attributes: self.attributes.view(), ..Resource::default() };
            self.request.resource(&resource, "");
            self.target = Some(Open { id: place.target_id, points });
            self.scope = None;
        }
        if self.scope.is_none_or(|open| open.id != place.scope_id) {
            self.begin_scope(place.scope);
            self.scope = Some(Open { id: place.scope_id, points });
        }
    }

    fn begin_scope(&mut self, labels: &Scope<'_>) {
        self.attributes.clear();
        let mut scope = InstrumentationScope::default();
        let mut schema_url = "";
        for &(key, value) in labels {
            match key {
                "name" => scope.name = value,
                "version" => scope.version = value,
                "schema_url" => schema_url = value,
                _ => {
                    self.attributes.push(key, value);
                }
            }
        }
        if labels.is_empty() {
            scope.name = OWN_SCOPE;
        }
        scope.attributes = self.attributes.view();
        self.request.scope(&scope, schema_url);
    }

    fn take_back_empty(&mut self) {
        self.request.take_back_empty();
        let points = self.request.items();
        let has_points = |open: &Open| open.points < points;
        self.target = self.target.filter(has_points);
        self.scope = self.scope.filter(has_points);
    }

    fn flush(&mut self) {
        let points = self.request.items() as u64;
        let next = MetricsWriter::after(Vec::with_capacity(self.expected));
        let mut body = std::mem::replace(&mut self.request, next).finish();
        (self.target, self.scope) = (None, None);
        self.expected = body.len() + body.len() / 16;
        if body.capacity() - body.len() > body.len() / 8 {
            body.shrink_to_fit(); // what is held has to be what is counted
        }
        let batch =
            Batch { body: Bytes::from(body), points, window: self.window, number: self.number };
        self.number += 1;
        (self.take)(batch);
    }
}
