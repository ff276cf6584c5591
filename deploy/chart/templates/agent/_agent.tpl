{{/* The agent, unless telemetry is disabled. */}}
{{- define "ktel.agent" -}}
{{- if and .Values.agent.enabled (not .Values.telemetry.disabled) }}yes{{ end -}}
{{- end -}}

{{/* Its configuration: a ready one, what the values say, and what only the chart knows. */}}
{{- define "ktel.agentConfig" -}}
{{- $config := dict "ktel" 1 -}}
{{- with .Values.agent.preset -}}
{{- $config = fromYaml ($.Files.Get (printf "files/agent/%s.yaml" .)) -}}
{{- end -}}
{{- $config = mergeOverwrite $config (deepCopy .Values.agent.config) -}}
{{- if not $config.product }}{{ fail "the agent needs `agent.config.product`, or `agent.preset`" }}{{ end -}}
{{- if not (or $config.servers .Values.agent.preview) -}}
{{- fail "the agent has nowhere to send to: name servers in `agent.config.servers`, or look first with `agent.preview`" -}}
{{- end -}}
{{- range default (list) $config.schemas -}}
{{- if not (hasKey $.Values.agent.schemas .) }}{{ fail (printf "`agent.schemas` has no `%s`, which the configuration names" .) }}{{ end -}}
{{- end -}}
{{- if not $config.namespace }}{{ $_ := set $config "namespace" .Release.Namespace }}{{ end -}}
{{- if ne .Values.agent.state.kind "none" }}{{ $_ := set $config "state" "/var/lib/ktel/agent" }}{{ end -}}
{{- $_ := set $config "telemetry" (dict "disabled" false) -}}
{{- toYaml $config -}}
{{- end -}}

{{/* The rules for what it watches and counts, as `ktel agent rbac` has them. */}}
{{- define "ktel.agentRules" -}}
{{- $config := fromYaml (include "ktel.agentConfig" .) -}}
{{- $rules := list -}}
{{- $jobs := list -}}
{{- range default (list) $config.lifecycle -}}
{{- $parts := splitn "." 2 .resource -}}
{{- $rules = append $rules (dict "apiGroups" (list (default "" $parts._1)) "resources" (list $parts._0) "verbs" (list "list" "watch")) -}}
{{- end -}}
{{- with $config.stats -}}
{{- range default (list) .groups -}}
{{- $parts := splitn "." 2 .resource -}}
{{- $rules = append $rules (dict "apiGroups" (list (default "" $parts._1)) "resources" (list $parts._0) "verbs" (list "list")) -}}
{{- end -}}
{{- $jobs = default (list) .jobs -}}
{{- end -}}
{{- range $fact := values (default (dict) $config.facts) -}}
{{- if and (ne $fact "installation") (not (hasPrefix "=" $fact)) -}}
{{- $jobs = append $jobs (splitn "." 2 $fact)._0 -}}
{{- end -}}
{{- end -}}
{{- range uniq $jobs -}}
{{- $rules = concat $rules (default (list) (fromYaml (include "ktel.jobRules" (dict "root" $ "job" .))).rules) -}}
{{- end -}}
{{- toYaml (dict "rules" $rules) -}}
{{- end -}}
