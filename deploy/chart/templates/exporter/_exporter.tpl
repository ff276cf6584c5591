{{/* The exporter, unless telemetry is disabled. */}}
{{- define "ktel.exporter" -}}
{{- if and .Values.exporter.enabled (not .Values.telemetry.disabled) }}yes{{ end -}}
{{- end -}}

{{/* The operator's settings, with the store's credentials where the chart mounts them. */}}
{{- define "ktel.exporterConfig" -}}
{{- $config := mergeOverwrite (dict "ktel" 1) (deepCopy .Values.exporter.config) -}}
{{- if not (dig "store" "url" "" $config) }}{{ fail "the exporter needs a store: `exporter.config.store.url`" }}{{ end -}}
{{- with .Values.exporter.storeCredentials -}}
{{- if .secret }}{{ $_ := set $config.store "authorization_file" (printf "/etc/ktel/store/%s" .key) }}{{ end -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}
