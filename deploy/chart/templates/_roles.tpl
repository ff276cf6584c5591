{{/* Roles, made of what `cargo xtask generate` wrote into files/. */}}

{{/* The rules of a job of the catalog, one resource at a time: [{apiGroups, resources, verbs}, …]. */}}
{{- define "ktel.jobRules" -}}
{{- $file := .root.Files.Get (printf "files/rbac/%s.yaml" .job) -}}
{{- if not $file }}{{ fail (printf "no job is called `%s`; see `ktel jobs list`" .job) }}{{ end -}}
{{- toYaml (dict "rules" (fromYaml $file).rules) -}}
{{- end -}}

{{/* One rule for each resource, whoever needs it, so that none is said twice. */}}
{{- define "ktel.rules" -}}
{{- $verbs := dict -}}
{{- $paths := list -}}
{{- range .rules -}}
{{- $rule := . -}}
{{- $paths = concat $paths (default (list) $rule.nonResourceURLs) -}}
{{- range $group := default (list) $rule.apiGroups -}}
{{- range $resource := $rule.resources -}}
{{- $key := printf "%s/%s" $group $resource -}}
{{- $_ := set $verbs $key (concat (default (list) (get $verbs $key)) $rule.verbs | uniq | sortAlpha) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $key, $all := $verbs }}
- apiGroups: [{{ (splitn "/" 2 $key)._0 | quote }}]
  resources: [{{ (splitn "/" 2 $key)._1 }}]
  verbs: [{{ join ", " $all }}]
{{- end }}
{{- with $paths }}
- nonResourceURLs: [{{ join ", " (. | uniq | sortAlpha) }}]
  verbs: [get]
{{- end }}
{{- end -}}

{{- define "ktel.clusterRole" -}}
{{- $rules := trim (include "ktel.rules" .) -}}
{{- if $rules -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ include "ktel.clusterwide" . }}
  labels:
    {{- include "ktel.labels" . | nindent 4 }}
rules:
{{ $rules }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ include "ktel.clusterwide" . }}
  labels:
    {{- include "ktel.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ include "ktel.clusterwide" . }}
subjects:
- kind: ServiceAccount
  name: {{ include "ktel.component" . }}
  namespace: {{ .root.Release.Namespace }}
{{- end -}}
{{- end -}}

{{/* A role in a namespace, from the text of a generated file. */}}
{{- define "ktel.role" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ include "ktel.component" . }}
  namespace: {{ .namespace }}
  labels:
    {{- include "ktel.labels" . | nindent 4 }}
rules:
{{ toYaml (fromYaml .text).rules }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ include "ktel.component" . }}
  namespace: {{ .namespace }}
  labels:
    {{- include "ktel.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ include "ktel.component" . }}
subjects:
- kind: ServiceAccount
  name: {{ include "ktel.component" . }}
  namespace: {{ .root.Release.Namespace }}
{{- end -}}
