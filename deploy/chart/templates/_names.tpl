{{/* Names and labels. Every helper takes the root as `root`, and `component` where there is one. */}}

{{- define "ktel.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "ktel.fullname" -}}
{{- $name := include "ktel.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "ktel.component" -}}
{{- printf "%s-%s" (include "ktel.fullname" .root) .component -}}
{{- end -}}

{{/* Cluster-wide names carry the namespace: two releases of one name would take each other's. */}}
{{- define "ktel.clusterwide" -}}
{{- printf "%s-%s" .root.Release.Namespace (include "ktel.component" .) -}}
{{- end -}}

{{- define "ktel.selector" -}}
app.kubernetes.io/name: {{ include "ktel.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "ktel.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{ include "ktel.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "ktel.metadata" -}}
name: {{ include "ktel.component" . }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "ktel.labels" . | nindent 2 }}
{{- end -}}

{{- define "ktel.image" -}}
{{- $image := .Values.image -}}
{{- $name := printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- if $image.digest -}}{{ printf "%s@%s" $name $image.digest }}{{- else -}}{{ $name }}{{- end -}}
{{- end -}}

{{/* The value that turns telemetry off, if another chart depends on this one: `ktel agents` shows it. */}}
{{- define "ktel.offValue" -}}
{{- if not .Chart.IsRoot }}annotations: {ktel/off-value: {{ printf "%s.telemetry.disabled" .Chart.Name | quote }}}{{ end -}}
{{- end -}}
