{{/* What all pods have in common: nothing that they do not need. */}}

{{- define "ktel.podMetadata" -}}
labels:
  {{- include "ktel.labels" . | nindent 2 }}
  {{- with .pod.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $annotations := merge (dict) (default (dict) .annotations) .pod.annotations }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "ktel.podSpec" -}}
serviceAccountName: {{ include "ktel.component" . }}
automountServiceAccountToken: {{ .token }}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  {{- with .root.Values.security.user }}
  runAsUser: {{ int64 . }}
  runAsGroup: {{ int64 . }}
  fsGroup: {{ int64 . }}
  {{- end }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .pod.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .pod.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .pod.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "ktel.container" -}}
name: {{ .component }}
image: {{ include "ktel.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities: {drop: [ALL]}
  seccompProfile: {type: RuntimeDefault}
{{- with .resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Tokens come from Secrets by the environment, never by a command line or a ConfigMap. */}}
{{- define "ktel.credentials" -}}
{{- range $variable, $from := dict "KTEL_TOKEN" .token "KTEL_SPLUNK_TOKEN" .splunkToken }}
{{- if $from.secret }}
- name: {{ $variable }}
  valueFrom:
    secretKeyRef: {name: {{ $from.secret | quote }}, key: {{ $from.key | quote }}}
{{- end }}
{{- end }}
{{- end -}}

{{- define "ktel.trustMount" -}}
{{- if .Values.trust.configMap }}
- name: trust
  mountPath: /etc/ktel/trust
  readOnly: true
{{- end }}
{{- end -}}

{{- define "ktel.trustVolume" -}}
{{- with .Values.trust.configMap }}
- name: trust
  configMap: {name: {{ . | quote }}}
{{- end }}
{{- end -}}

{{- define "ktel.claim" -}}
accessModes: [ReadWriteOnce]
{{- with .storageClass }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests: {storage: {{ .size }}}
{{- end -}}
