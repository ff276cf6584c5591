{{/* The report, unless telemetry is disabled. */}}
{{- define "ktel.report" -}}
{{- if and .Values.report.enabled (not .Values.telemetry.disabled) }}yes{{ end -}}
{{- end -}}

{{- define "ktel.reportNamespace" -}}
{{- default .Release.Namespace .Values.report.product.namespace -}}
{{- end -}}

{{/* The jobs by name, also those of a named set. */}}
{{- define "ktel.reportJobs" -}}
{{- $report := .Values.report -}}
{{- if eq (empty $report.jobs) (empty $report.workflow) }}{{ fail "name either jobs in `report.jobs`, or a set of them in `report.workflow`" }}{{ end -}}
{{- if $report.workflow -}}
{{- $sets := fromYaml (.Files.Get "files/workflows.yaml") -}}
{{- if not (hasKey $sets $report.workflow) }}{{ fail (printf "no workflow is called `%s`; there are: %s" $report.workflow (keys $sets | sortAlpha | join ", ")) }}{{ end -}}
{{- toYaml (dict "jobs" (get $sets $report.workflow)) -}}
{{- else -}}
{{- toYaml (dict "jobs" $report.jobs) -}}
{{- end -}}
{{- end -}}
