package kafka

import (
	"maps"
	"slices"
	"strings"

	"sluice/connect/config"
	"sluice/transforms/javaregex"
)

// TopicPrefix starts the keys of a source connector that say how its topics
// are created (KIP-158).
const TopicPrefix = "topic.creation."

const defaultGroup = "default"

// TopicPlan says how the topics of a source connector are created: by the
// first group of topic.creation.groups that matches, else by the default group.
type TopicPlan struct {
	groups   []topicGroup
	template NewTopic // of the default group
}

type topicGroup struct {
	name             string
	include, exclude *javaregex.Pattern
	template         NewTopic
}

// ReadTopicPlan reads topic.creation.* of a connector; nil where it has none of
// these keys. The error names the key and is Java's.
func ReadTopicPlan(connector map[string]string) (*TopicPlan, error) {
	keys := WithPrefix(connector, TopicPrefix)
	if len(keys) == 0 {
		return nil, nil //nolint:nilnil // No plan is no error.
	}
	p := &TopicPlan{}
	var err error
	if p.template, err = topicTemplate(keys, defaultGroup, nil); err != nil {
		return nil, err
	}
	seen := map[string]bool{defaultGroup: true} // a group of that name does not count, as in Java
	for _, name := range listOf(keys["groups"]) {
		if seen[name] {
			continue
		}
		seen[name] = true
		g := topicGroup{name: name}
		if g.include, err = topicPattern(keys, name+".include"); err != nil {
			return nil, err
		}
		if g.exclude, err = topicPattern(keys, name+".exclude"); err != nil {
			return nil, err
		}
		if g.template, err = topicTemplate(keys, name, &p.template); err != nil {
			return nil, err
		}
		p.groups = append(p.groups, g)
	}
	return p, nil
}

// For returns how to create the topic, and the group that says so.
func (p *TopicPlan) For(topic string) (t NewTopic, group string) {
	t, group = p.template, defaultGroup
	for _, g := range p.groups {
		if g.include.Matches(topic) && !g.exclude.Matches(topic) {
			t, group = g.template, g.name
			break
		}
	}
	t.Name = topic
	return t, group
}

// topicTemplate reads the numbers of a group, and every key but those that
// Connect knows as a config of the topic. other gives the numbers that the
// group leaves out; nil demands them.
func topicTemplate(keys map[string]string, group string, other *NewTopic) (NewTopic, error) {
	t := NewTopic{Configs: WithPrefix(keys, group+".")}
	maps.DeleteFunc(t.Configs, func(k, _ string) bool {
		return slices.Contains([]string{"include", "exclude", "replication.factor", "partitions"}, k)
	})
	number := func(name string, kind config.Type, fallback int32, reason string) (int32, error) {
		key := TopicPrefix + group + "." + name
		text, given := keys[group+"."+name]
		if !given {
			if other == nil {
				return 0, config.Errorf("Missing required configuration %q which has no default value.", key)
			}
			return fallback, nil
		}
		v, err := config.Parse(key, text, kind)
		if err != nil {
			return 0, err
		}
		var n int32
		switch v := v.(type) {
		case int16:
			n = int32(v)
		case int32:
			n = v
		}
		if n != -1 && n < 1 {
			return 0, config.InvalidValue(name, n, reason) // Java's validator does not know the prefix
		}
		return n, nil
	}
	var fallback NewTopic
	if other != nil {
		fallback = *other
	}
	factor, err := number("replication.factor", config.Short, int32(fallback.ReplicationFactor),
		"Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default")
	if err != nil {
		return t, err
	}
	t.ReplicationFactor = int16(factor)
	t.Partitions, err = number("partitions", config.Int, fallback.Partitions, "Number of partitions must be positive, or -1 to use the broker's default")
	return t, err
}

// topicPattern joins the expressions of a list; none matches no topic.
func topicPattern(keys map[string]string, key string) (*javaregex.Pattern, error) {
	list := listOf(keys[key])
	for _, text := range list {
		if _, err := javaregex.Compile(text); err != nil {
			return nil, config.InvalidValue(key[strings.LastIndexByte(key, '.')+1:], list, "Syntax error in regular expression: "+err.Error())
		}
	}
	return javaregex.Compile(strings.Join(list, "|"))
}

// listOf cuts at commas, as a LIST of Java.
func listOf(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
