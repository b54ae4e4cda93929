package setting

import "sluice/connect/config"

func workerKeys() config.Def {
	return config.Def{
		{
			Name: "bootstrap.servers", Type: config.List, Required: true, Validator: config.UniqueList{}, Importance: config.High,
			Doc: "Brokers to ask first for the members of the Kafka cluster, as host:port separated by commas.",
		},
		{
			Name: "client.dns.lookup", Type: config.String, Default: "use_all_dns_ips", Importance: config.Medium,
			Validator: config.OneOf{"use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"},
			Doc:       "Which addresses of a broker's name are tried.",
		},
		{
			Name: "key.converter", Type: config.Class, Required: true, Importance: config.High,
			Doc: "Class of the converter for keys, unless a connector names its own.",
		},
		{
			Name: "key.converter.plugin.version", Type: config.String, Importance: config.Low,
			Doc: "Version of the converter for keys.",
		},
		{
			Name: "value.converter", Type: config.Class, Required: true, Importance: config.High,
			Doc: "Class of the converter for values, unless a connector names its own.",
		},
		{
			Name: "value.converter.plugin.version", Type: config.String, Importance: config.Low,
			Doc: "Version of the converter for values.",
		},
		{
			Name: "task.shutdown.graceful.timeout.ms", Type: config.Long, Default: int64(5000), Importance: config.Low,
			Doc: "Time in milliseconds that all tasks together have to end when they are stopped. Those that take longer are abandoned.",
		},
		{
			Name: "offset.flush.interval.ms", Type: config.Long, Default: int64(60_000), Importance: config.Low,
			Doc: "Time in milliseconds between two commits of a task's offsets.",
		},
		{
			Name: "offset.flush.timeout.ms", Type: config.Long, Default: int64(5000), Importance: config.Low,
			Doc: "Time in milliseconds that a commit of offsets may take, before it is given up and left to the next one.",
		},
		{
			Name: "plugin.path", Type: config.List, Importance: config.Low, Validator: config.UniqueList{NullAllowed: true},
			Doc: "Directories with plugins, separated by commas. Connector classes in jars there are named at start, with whether they run natively.",
		},
		{
			Name: "plugin.discovery", Type: config.String, Default: "hybrid_warn", Importance: config.Low,
			Validator: config.OneOfFold{"ONLY_SCAN", "HYBRID_WARN", "HYBRID_FAIL", "SERVICE_LOAD"},
			Doc:       "How Java finds the plugins of plugin.path. It makes no difference here.",
		},
		{
			Name: "metrics.sample.window.ms", Type: config.Long, Default: int64(30_000), Importance: config.Low, Validator: config.AtLeast(0),
			Doc: "Time in milliseconds over which Java's metrics are averaged.",
		},
		{
			Name: "metrics.num.samples", Type: config.Int, Default: int32(2), Importance: config.Low, Validator: config.AtLeast(1),
			Doc: "Number of samples that Java's metrics are made from.",
		},
		{
			Name: "metrics.recording.level", Type: config.String, Default: "INFO", Importance: config.Low, Validator: config.OneOf{"INFO", "DEBUG"},
			Doc: "How detailed Java's metrics are.",
		},
		{
			Name: "metric.reporters", Type: config.List, Default: []string{"org.apache.kafka.common.metrics.JmxReporter"}, Importance: config.Low,
			Validator: config.UniqueList{EmptyAllowed: true},
			Doc:       "Java classes that metrics are given to. They cannot run here.",
		},
		{
			Name: "header.converter", Type: config.Class, Default: "org.apache.kafka.connect.storage.SimpleHeaderConverter", Importance: config.Low,
			Doc: "Class of the converter for headers, unless a connector names its own.",
		},
		{
			Name: "header.converter.plugin.version", Type: config.String, Importance: config.Low,
			Doc: "Version of the converter for headers.",
		},
		{
			Name: "config.providers", Type: config.List, Default: []string{}, Importance: config.Low, Validator: config.UniqueList{EmptyAllowed: true},
			Doc: "Names of the providers that ${name:path:key} may refer to; config.providers.NAME.class has the class of each.",
		},
		{
			Name: "connector.client.config.override.policy", Type: config.String, Default: "All", Importance: config.Medium,
			Doc: "Which settings of its Kafka clients a connector may change: All, None, Principal or Allowlist.",
		},
		{
			Name: "topic.creation.enable", Type: config.Boolean, Default: true, Importance: config.Low,
			Doc: "Whether source connectors with topic.creation. settings have their topics created by the worker.",
		},
	}
}

func trackingKeys() config.Def {
	return config.Def{
		{
			Name: "topic.tracking.enable", Type: config.Boolean, Default: true, Importance: config.Low,
			Doc: "Whether the topics that a connector uses are remembered.",
		},
		{
			Name: "topic.tracking.allow.reset", Type: config.Boolean, Default: true, Importance: config.Low,
			Doc: "Whether a client of the REST API may have them forgotten.",
		},
	}
}
