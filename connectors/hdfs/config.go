package hdfs

import (
	"context"
	"strings"
	"time"

	"sluice/connect/config"
	"sluice/connectors/hdfs/dfs"
	"sluice/connectors/internal/storage"
	"sluice/connectors/internal/storage/compat"
	"sluice/connectors/internal/storage/format/avro"
	"sluice/connectors/internal/storage/format/json"
	"sluice/connectors/internal/storage/format/parquet"
	"sluice/connectors/internal/storage/format/text"
	"sluice/connectors/internal/storage/jodatime"
	"sluice/connectors/internal/storage/partition"
	avrodata "sluice/converters/avro"
)

// settings are the configuration of a task, taken apart and checked.
type settings struct {
	storage.Settings
	own
	cluster     dfs.Options
	topics      *storage.Directory
	logs        *storage.Directory
	format      storage.Format
	partitioner storage.Partitioner
	policy      storage.Policy
}

// own are the keys that only this sink has.
type own struct {
	URL             *string       `config:"hdfs.url"`
	ConfDir         string        `config:"hadoop.conf.dir"`
	LogsDir         string        `config:"logs.dir"`
	CaptureGroups   *string       `config:"topic.capture.groups.regex"`
	FormatClass     string        `config:"format.class"`
	StorageClass    string        `config:"storage.class"`
	Kerberos        bool          `config:"hdfs.authentication.kerberos"`
	Principal       string        `config:"connect.hdfs.principal"`
	Keytab          string        `config:"connect.hdfs.keytab"`
	NameNode        string        `config:"hdfs.namenode.principal"`
	RenewalPeriod   time.Duration `config:"kerberos.ticket.renew.period.ms"`
	HiveIntegration bool          `config:"hive.integration"`
}

// parseSettings reads a configuration. The error is a *config.Error.
func parseSettings(cfg config.Map) (settings, error) {
	def := definition()
	var s settings
	var err error
	if s.Settings, err = config.Decode[storage.Settings](def, cfg); err != nil {
		return s, err
	}
	if s.own, err = config.Decode[own](def, cfg); err != nil {
		return s, err
	}
	places, err := config.Decode[partition.Settings](def, cfg)
	if err != nil {
		return s, err
	}
	for _, add := range []func() error{
		s.refuse, s.setCluster, s.setDirectories, s.setFormat,
		func() error { return s.setPolicy(places) },
	} {
		if err := add(); err != nil {
			return s, err
		}
	}
	return s, nil
}

// refuse returns what the original can do and Sluice cannot.
func (s *settings) refuse() error {
	if s.HiveIntegration {
		return config.InvalidValue(hiveKey, true, noHive)
	}
	if s.StorageClass != storageClass {
		return config.InvalidValue(storage.StorageClassKey, s.StorageClass, "Sluice has no such storage; there is "+storageClass)
	}
	return nil
}

func (s *settings) setCluster() (err error) {
	url := ""
	for _, u := range []*string{s.URL, s.StoreURL} { // store.url wins
		if u != nil && *u != "" {
			url = *u
		}
	}
	if url == "" {
		return config.Errorf("%s", noURL)
	}
	if s.cluster, err = dfs.Resolve(url, s.ConfDir); err != nil {
		return &config.Error{Message: err.Error()}
	}
	if !s.Kerberos {
		if dfs.WantsKerberos(s.ConfDir) {
			return config.InvalidValue(kerberosKey, false, "core-site.xml in "+s.ConfDir+" has hadoop.security.authentication=kerberos: the cluster lets nobody in without")
		}
		return nil
	}
	if s.Principal == "" || s.Keytab == "" {
		return config.Errorf("%s", noKeytab)
	}
	if s.NameNode == "" {
		s.NameNode = dfs.NameNodePrincipal(s.ConfDir)
	}
	s.cluster.Kerberos = dfs.Kerberos{Enabled: true, Principal: s.Principal, Keytab: s.Keytab, NameNode: s.NameNode, Renewal: s.RenewalPeriod}
	return nil
}

func (s *settings) setDirectories() error {
	groups, err := compileGroups(s.CaptureGroups)
	if err != nil {
		return err
	}
	if s.topics, err = storage.NewDirectory(storage.TopicsDirKey, s.TopicsDir, groups); err != nil {
		return err
	}
	s.logs, err = storage.NewDirectory(logsDirKey, s.LogsDir, groups)
	return err
}

func (s *settings) setFormat() (err error) {
	data := avrodata.NewData(avrodata.DataSettings{Enhanced: s.EnhancedAvro, MetaData: s.ConnectMetaData, OptionalMapKeys: s.OptionalMapKeys})
	switch s.FormatClass {
	case avroClass:
		s.format, err = avro.New(data, s.AvroCodec)
	case parquetClass:
		s.format, err = parquet.New(data, s.ParquetCodec)
	case jsonClass:
		s.format, err = json.New("")
	case textClass:
		s.format = text.Format{}
	case orcClass:
		return config.InvalidValue(storage.FormatClassKey, s.FormatClass, "Sluice does not write ORC; Parquet is columnar too: "+parquetClass)
	default:
		return config.InvalidValue(storage.FormatClassKey, s.FormatClass, "Sluice has no such format; there are "+strings.Join(formats(), ", "))
	}
	return err
}

func (s *settings) setPolicy(places partition.Settings) (err error) {
	if s.FlushSize < 1 {
		return config.InvalidValue("flush.size", s.FlushSize, "Value must be at least 1")
	}
	if s.RotateSchedule > 0 && places.Timezone == "" {
		return config.InvalidValue("timezone", places.Timezone, noTimezone)
	}
	if s.partitioner, err = partition.New(places, s.DirectoryDelim); err != nil {
		return err
	}
	s.policy = storage.Policy{
		FlushSize: s.FlushSize, Interval: s.RotateInterval, Schedule: s.RotateSchedule, Zone: time.UTC,
		Compatibility: compat.Parse(s.SchemaCompatibility), Extractor: s.partitioner.Extractor(),
	}
	if places.Timezone != "" {
		s.policy.Zone, err = jodatime.Zone(places.Timezone)
	}
	return err
}

// ValidateConfig implements connect.ConfigValidator: the rules over several keys,
// each at the key that a user would change.
func (c *connector) ValidateConfig(_ context.Context, cfg config.Map, values config.Values) {
	raw := cfg.Raw()
	partition.CheckFields(raw, &values)
	if values.ErrorCount() > 0 {
		return
	}
	_, err := parseSettings(cfg)
	if err == nil {
		return
	}
	values.AddError(blamed(err.Error()), err.Error())
}

// blamed is the key that a message names first.
func blamed(message string) string {
	key, at := "partitioner.class", len(message)
	for _, k := range definition() {
		if i := strings.Index(strings.ToLower(message), k.Name); i >= 0 && (i < at || i == at && len(k.Name) > len(key)) {
			key, at = k.Name, i
		}
	}
	if at == len(message) {
		// The words of the original name no key.
		for word, k := range map[string]string{"path format": "path.format", "partition duration": "partition.duration.ms", "timestamp extractor": "timestamp.extractor"} {
			if strings.Contains(strings.ToLower(message), word) {
				return k
			}
		}
	}
	return key
}
