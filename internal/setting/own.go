package setting

import "sluice/connect/config"

// ownKeys are those that Java does not know.
func ownKeys() config.Def {
	return config.Def{
		{
			Name: "log.format", Type: config.String, Default: "text", Importance: config.Low, Validator: config.OneOfFold{"text", "json"},
			Doc: "How log lines are written: as text, or each as a JSON object.",
		},
		{
			Name: "rest.answers", Type: config.String, Default: "worker", Importance: config.Low, Validator: config.OneOf{"worker", "page"},
			Doc: "Whose status codes the REST API gives where the two differ: those of the Java worker, or those of the published reference page.",
		},
		{
			Name: "rest.mask.secrets", Type: config.Boolean, Default: false, Importance: config.Low,
			Doc: "Whether the REST API shows values of PASSWORD keys as [hidden]. Java shows them.",
		},
		{
			Name: "rest.auth.jaas.config.file", Type: config.String, Importance: config.Low,
			Doc: "File with the KafkaConnect login entry for BasicAuthSecurityRestExtension, which Java is given as -Djava.security.auth.login.config.",
		},
		{
			Name: "rest.max.request.bytes", Type: config.Long, Default: int64(16 << 20), Importance: config.Low, Validator: config.AtLeast(1024),
			Doc: "How large the body of a request to the REST API may be, in bytes.",
		},
		{
			Name: "task.stall.timeout.ms", Type: config.Long, Default: int64(300_000), Validator: config.AtLeast(0), Importance: config.Low,
			Doc: "Time in milliseconds without movement after which a running task with records to move counts as stalled; 0 is never.",
		},
	}
}
