package hdfs

import (
	"sluice/connect/config"
	"sluice/connectors/internal/storage"
	"sluice/connectors/internal/storage/partition"
	"sluice/transforms/javaregex"
)

const (
	avroClass    = pkg + "avro.AvroFormat"
	parquetClass = pkg + "parquet.ParquetFormat"
	jsonClass    = pkg + "json.JsonFormat"
	textClass    = pkg + "string.StringFormat"
	orcClass     = pkg + "orc.OrcFormat"
	storageClass = pkg + "storage.HdfsStorage"

	logsDirKey   = "logs.dir"
	hiveKey      = "hive.integration"
	kerberosKey  = "hdfs.authentication.kerberos"
	principalKey = "connect.hdfs.principal"

	noURL      = "Configuration store.url cannot be empty."
	noTimezone = "Timezone cannot be empty when using scheduled file rotation."
	noKeytab   = "Hadoop is using Kerberos for authentication, you need to provide both a connect principal and the path to the keytab of the principal: set connect.hdfs.principal and connect.hdfs.keytab."
	noHive     = "Sluice does not register tables with Hive yet: leave hive.integration out and make an external table over topics.dir in Hive, with its partitions by MSCK REPAIR TABLE"
)

// formats are the classes that can be written.
func formats() []string { return []string{avroClass, parquetClass, jsonClass, textClass} }

// definition returns the keys of the connector.
func definition() config.Def {
	return config.Join(
		group("HDFS", hdfsKeys()), group("Security", securityKeys()),
		storage.ConnectorKeys(avroClass, avroClass, formats()...),
		config.Def{storage.ParquetCodec(parquetClass, "Connector", 99)},
		storage.CommonKeys(storageClass, storageClass),
		config.Def{storage.TopicsDir(storage.SubstitutionDoc), storage.CaptureGroups(6)},
		partition.Keys(), group("Hive", hiveKeys()),
	)
}

func group(name string, keys config.Def) config.Def {
	for i := range keys {
		keys[i].Group, keys[i].Order = name, i+1
	}
	return keys
}

func hdfsKeys() config.Def {
	return config.Def{
		{
			Name: "hdfs.url", Type: config.String, Importance: config.High, Width: config.WidthMedium, DisplayName: "HDFS URL",
			Doc: "The older name of `store.url`, which wins where both are set: hdfs://HOST:PORT of the name node, or hdfs://NAMESERVICE of `hadoop.conf.dir`.",
		},
		{
			Name: "hadoop.conf.dir", Type: config.String, Default: "", Importance: config.High, Width: config.WidthMedium, DisplayName: "Hadoop Configuration Directory",
			Doc: "The folder with core-site.xml and hdfs-site.xml: name services with their name nodes (`dfs.ha.namenodes`, `dfs.namenode.rpc-address`), `fs.defaultFS`, `dfs.data.transfer.protection`, `dfs.client.use.datanode.hostname`.",
		},
		{
			Name: "hadoop.home", Type: config.String, Default: "", Importance: config.High, Width: config.WidthShort, DisplayName: "Hadoop home directory",
			Doc: "Taken for compatibility and without effect: no Hadoop needs to be installed.",
		},
		{
			Name: logsDirKey, Type: config.String, Default: "logs", Importance: config.High, Width: config.WidthShort, DisplayName: "Logs directory",
			Doc: "The directory of the write-ahead logs." + storage.SubstitutionDoc,
		},
	}
}

func securityKeys() config.Def {
	return config.Def{
		{
			Name: kerberosKey, Type: config.Boolean, Default: false, Importance: config.High, Width: config.WidthShort, DisplayName: "HDFS Authentication Kerberos",
			Doc: "Whether to log in with Kerberos. The settings of Kerberos are in /etc/krb5.conf, or in the file that the environment variable KRB5_CONFIG names.",
		},
		{
			Name: principalKey, Type: config.String, Default: "", Importance: config.High, Width: config.WidthMedium, DisplayName: "Connect Kerberos Principal",
			Doc: "The principal to log in as, such as connect/_HOST@REALM, where _HOST stands for the name of the worker's machine.",
		},
		{
			Name: "connect.hdfs.keytab", Type: config.String, Default: "", Importance: config.High, Width: config.WidthMedium, DisplayName: "Connect Kerberos Keytab",
			Doc: "The path of the keytab of the principal.",
		},
		{
			Name: "hdfs.namenode.principal", Type: config.String, Default: "", Importance: config.High, Width: config.WidthMedium, DisplayName: "HDFS NameNode Kerberos Principal",
			Doc: "The principal of the name nodes, such as nn/_HOST@REALM, where _HOST stands for the host of each. Where it is not set, `dfs.namenode.kerberos.principal` of hdfs-site.xml counts.",
		},
		{
			Name: "kerberos.ticket.renew.period.ms", Type: config.Long, Default: int64(3600000), Importance: config.Low, Width: config.WidthShort, DisplayName: "Kerberos Ticket Renew Period (ms)",
			Doc: "The time in milliseconds after which the login is done again.",
		},
	}
}

func hiveKeys() config.Def {
	key := func(name, display string, def any) config.Key {
		return config.Key{Name: name, Type: config.String, Default: def, Importance: config.High, Width: config.WidthShort, DisplayName: display, Doc: "Of `hive.integration`."}
	}
	return config.Def{
		{
			Name: hiveKey, Type: config.Boolean, Default: false, Importance: config.High, Width: config.WidthShort, DisplayName: "Hive Integration",
			Doc: "Must be false: Sluice does not register tables with Hive yet.", Validator: config.CheckFunc(checkHive),
		},
		key("hive.metastore.uris", "Hive Metastore URIs", ""),
		key("hive.conf.dir", "Hive configuration directory", ""),
		key("hive.home", "Hive home directory", ""),
		key("hive.database", "Hive database", "default"),
		key("hive.table.name", "Hive table name", "${topic}"),
	}
}

func checkHive(name string, value any) error {
	if value == true {
		return config.InvalidValue(name, value, noHive)
	}
	return nil
}

// compileGroups compiles topic.capture.groups.regex; nil is none.
func compileGroups(regex *string) (*javaregex.Pattern, error) {
	if regex == nil {
		return nil, nil //nolint:nilnil // No expression is fine.
	}
	return storage.CompileGroups(*regex) //nolint:wrapcheck // It says all.
}
