// The types that Grafana publishes of a dashboard, for dashboards as they are in JSON.
//
// Grafana ignores a name that it does not know, so a mistake only shows as a panel that looks wrong.
import type {
  Dashboard as Published,
  Panel,
  VariableModel,
} from "./node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen";
import type * as StatPanel from "./node_modules/@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/types.gen";
import type * as TablePanel from "./node_modules/@grafana/schema/dist/types/raw/composable/table/panelcfg/x/types.gen";
import type * as TimeseriesPanel from "./node_modules/@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/types.gen";
import type { Dataquery } from "./node_modules/@grafana/grafana-foundation-sdk/dist/prometheus/types.gen";

/** The values of an enum are plain words in JSON. */
type Json<T> = T extends (infer Item)[]
  ? Json<Item>[]
  : T extends string
    ? `${T}`
    : T extends object
      ? { [Key in keyof T]: Json<T[Key]> }
      : T;

/** Grafana fills in what is missing. */
type Partly<T> = T extends (infer Item)[]
  ? Partly<Item>[]
  : T extends object
    ? { [Key in keyof T]?: Partly<T[Key]> }
    : T;

type Fields = NonNullable<Panel["fieldConfig"]>;

type PanelOf<Options, Custom, Query> = Omit<
  Json<Panel>,
  "fieldConfig" | "options" | "targets"
> & {
  options?: Partly<Json<Options>>;
  fieldConfig?: {
    defaults: Partly<Json<Omit<Fields["defaults"], "custom">>> & {
      custom?: Partly<Json<Custom>>;
    };
    overrides: Json<Fields["overrides"]>;
  };
  targets?: Query[];
};

/** A dashboard without its panels and variables, which are checked one by one. */
export type Dashboard = Omit<Json<Published>, "panels" | "templating">;
export type Variable = Json<VariableModel>;
export type Stat<Query> = PanelOf<StatPanel.Options, Record<string, never>, Query>;
export type Table<Query> = PanelOf<TablePanel.Options, TablePanel.FieldConfig, Query>;
export type Timeseries<Query> = PanelOf<
  TimeseriesPanel.Options,
  TimeseriesPanel.FieldConfig,
  Query
>;
export type Prometheus = Omit<Json<Dataquery>, "_implementsDataqueryVariant">;
/** Infinity publishes no types. */
export type Infinity = Record<string, unknown>;
