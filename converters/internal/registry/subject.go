package registry

import (
	"strings"

	"sluice/connect"
	"sluice/connect/config"
)

// The ways in which a subject is named.
const (
	byTopic       = strategies + "TopicNameStrategy"
	byRecord      = strategies + "RecordNameStrategy"
	byTopicRecord = strategies + "TopicRecordNameStrategy"
	// byAssociation is the default of Java since 8.3; without an association in
	// the registry it names subjects by topic.
	byAssociation = strategies + "AssociatedNameStrategy"
)

func checkStrategy(name string, value any) error {
	return oneClass{byTopic, byRecord, byTopicRecord, byAssociation}.Check(name, value)
}

// subject returns the name under which a schema stands in the registry. record
// is the full name of the record that it describes; "" is none.
func subject(strategy, topic, record string, isKey bool) (string, error) {
	if strategy == byTopic || strategy == byAssociation {
		return topic + pick(isKey, "-key", "-value"), nil
	}
	if record == "" {
		side := pick(isKey, "key", "value")
		return "", connect.ClassErrorf(connect.SerializationFailure,
			"In configuration %s%s = %s, the message %s must only be a record schema", side, strategyStem, strategy, side)
	}
	if strategy == byRecord {
		return record, nil
	}
	return topic + "-" + record, nil
}

// usesRecord reports whether the strategy needs the record's name.
func usesRecord(strategy string) bool {
	return strings.HasSuffix(strategy, "RecordNameStrategy")
}

var _ config.Validator = config.CheckFunc(checkStrategy)
