package embedded

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// remedies answers or amends the requests that the library gets wrong. kfake
// runs these functions one at a time and serves calls on the cluster while
// one runs, so they need no lock.
type remedies struct {
	cluster *kfake.Cluster
	log     *slog.Logger
}

// metadata creates the topics that a client asks for and may create. kfake can
// do that too, but it does not write such a topic to disk: after a kill -9 its
// records could not be reached. So its own automatic creation is off, and the
// request is answered after an explicit creation.
func (r *remedies) metadata(kreq kmsg.Request) (kmsg.Response, error, bool) {
	req := kreq.(*kmsg.MetadataRequest)
	if req.Version >= 4 && !req.AllowAutoTopicCreation { // before version 4 creation was not asked for, it was a given
		return nil, nil, false
	}
	for _, t := range req.Topics {
		if t.Topic == nil || !validTopic(*t.Topic) || r.cluster.TopicInfo(*t.Topic) != nil {
			continue
		}
		if err := r.cluster.CreateTopic(*t.Topic, -1, nil); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			r.log.Warn("embedded broker could not create a topic", "topic", *t.Topic, "error", err)
		}
	}
	return nil, nil, false
}

// createTopics answers creations by count. kfake's own answer gives every
// config the source -1, which Java's client refuses to parse. Requests with
// manual assignments, or that name a topic twice, or that only validate, keep
// the library's answer.
func (r *remedies) createTopics(kreq kmsg.Request) (kmsg.Response, error, bool) {
	req := kreq.(*kmsg.CreateTopicsRequest)
	seen := make(map[string]bool, len(req.Topics))
	plain := !req.ValidateOnly
	for i := range req.Topics {
		t := &req.Topics[i]
		t.Configs = keepLiveKeys(t.Configs)
		plain = plain && len(t.ReplicaAssignment) == 0 && !seen[t.Topic]
		seen[t.Topic] = true
		if req.ValidateOnly {
			t.Configs = nil // kfake does not look at them, it only repeats them in its answer
		}
	}
	if !plain {
		return nil, nil, false
	}
	r.cluster.KeepControl()
	resp := req.ResponseKind().(*kmsg.CreateTopicsResponse)
	for i := range req.Topics {
		resp.Topics = append(resp.Topics, r.createTopic(&req.Topics[i]))
	}
	return resp, nil, true
}

func (r *remedies) createTopic(t *kmsg.CreateTopicsRequestTopic) kmsg.CreateTopicsResponseTopic {
	answer := kmsg.NewCreateTopicsResponseTopic()
	answer.Topic = t.Topic
	refuse := func(code int16, message string) kmsg.CreateTopicsResponseTopic {
		answer.ErrorCode, answer.ErrorMessage = code, &message
		return answer
	}
	configs := make(map[string]string, len(t.Configs))
	for _, c := range t.Configs {
		if c.Value == nil {
			return refuse(kerr.InvalidConfig.Code, fmt.Sprintf("Config %s of topic %s has no value.", c.Name, t.Topic))
		}
		configs[c.Name] = *c.Value
	}
	switch {
	case !validTopic(t.Topic):
		return refuse(kerr.InvalidTopicException.Code, fmt.Sprintf("Topic name %q is not legal: 1 to 249 of the characters a-z, A-Z, 0-9, '.', '_' and '-', and not '.' or '..'.", t.Topic))
	case t.NumPartitions == 0 || t.NumPartitions < -1:
		return refuse(kerr.InvalidPartitions.Code, fmt.Sprintf("Number of partitions %d of topic %s is not positive.", t.NumPartitions, t.Topic))
	case t.ReplicationFactor == 0 || t.ReplicationFactor < -1 || t.ReplicationFactor > 1:
		return refuse(kerr.InvalidReplicationFactor.Code, fmt.Sprintf("Replication factor %d of topic %s: the embedded broker is one broker, give 1 or -1.", t.ReplicationFactor, t.Topic))
	}
	if err := r.cluster.CreateTopic(t.Topic, t.NumPartitions, configs); err != nil {
		if ke, ok := errors.AsType[*kerr.Error](err); ok {
			return refuse(ke.Code, fmt.Sprintf("Topic '%s': %s", t.Topic, ke.Description))
		}
		return refuse(kerr.UnknownServerError.Code, err.Error())
	}
	answer.ReplicationFactor = 1
	answer.NumPartitions = int32(len(r.cluster.PartitionInfos(t.Topic)))
	if info := r.cluster.TopicInfo(t.Topic); info != nil {
		answer.TopicID = info.TopicID
	}
	for _, c := range t.Configs {
		rc := kmsg.NewCreateTopicsResponseTopicConfig()
		rc.Name, rc.Value, rc.Source = c.Name, c.Value, int8(kmsg.ConfigSourceDynamicTopicConfig)
		answer.Configs = append(answer.Configs, rc)
	}
	return answer
}

// Kafka ignores retention of a topic that is compacted and nothing else; kfake
// obeys it and, seven days on by default, drops keys that are alive. So such
// a topic always gets these two.
var unlimited = []string{"retention.ms", "retention.bytes"} // never written

const forever = "-1"

func keepLiveKeys(configs []kmsg.CreateTopicsRequestTopicConfig) []kmsg.CreateTopicsRequestTopicConfig {
	compacted := slices.ContainsFunc(configs, func(c kmsg.CreateTopicsRequestTopicConfig) bool {
		return compactOnly(c.Name, c.Value)
	})
	if !compacted {
		return configs
	}
	configs = slices.DeleteFunc(configs, func(c kmsg.CreateTopicsRequestTopicConfig) bool {
		return slices.Contains(unlimited, c.Name)
	})
	for _, name := range unlimited {
		c := kmsg.NewCreateTopicsRequestTopicConfig()
		c.Name, c.Value = name, new(forever)
		configs = append(configs, c)
	}
	return configs
}

// alterConfigs replaces all configs of a topic, so the request alone says
// whether the topic is compacted from now on.
func (*remedies) alterConfigs(kreq kmsg.Request) (kmsg.Response, error, bool) {
	req := kreq.(*kmsg.AlterConfigsRequest)
	for i := range req.Resources {
		res := &req.Resources[i]
		compacted := slices.ContainsFunc(res.Configs, func(c kmsg.AlterConfigsRequestResourceConfig) bool {
			return compactOnly(c.Name, c.Value)
		})
		if res.ResourceType != kmsg.ConfigResourceTypeTopic || !compacted {
			continue
		}
		res.Configs = slices.DeleteFunc(res.Configs, func(c kmsg.AlterConfigsRequestResourceConfig) bool {
			return slices.Contains(unlimited, c.Name)
		})
		for _, name := range unlimited {
			c := kmsg.NewAlterConfigsRequestResourceConfig()
			c.Name, c.Value = name, new(forever)
			res.Configs = append(res.Configs, c)
		}
	}
	return nil, nil, false
}

// incrementalAlterConfigs sees changes only, so what the topic is now decides
// where the request does not say.
func (r *remedies) incrementalAlterConfigs(kreq kmsg.Request) (kmsg.Response, error, bool) {
	req := kreq.(*kmsg.IncrementalAlterConfigsRequest)
	for i := range req.Resources {
		res := &req.Resources[i]
		if res.ResourceType != kmsg.ConfigResourceTypeTopic || !r.compactedAfter(res) {
			continue
		}
		res.Configs = slices.DeleteFunc(res.Configs, func(c kmsg.IncrementalAlterConfigsRequestResourceConfig) bool {
			return slices.Contains(unlimited, c.Name)
		})
		for _, name := range unlimited {
			c := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
			c.Name, c.Value, c.Op = name, new(forever), kmsg.IncrementalAlterConfigOpSet
			res.Configs = append(res.Configs, c)
		}
	}
	return nil, nil, false
}

func (r *remedies) compactedAfter(res *kmsg.IncrementalAlterConfigsRequestResource) bool {
	const policy = "cleanup.policy"
	for _, c := range res.Configs {
		if c.Name != policy {
			continue
		}
		// Appending to or taking from the list leaves a topic that was
		// compacted with its keys until the next change: the safe side.
		if c.Op == kmsg.IncrementalAlterConfigOpSet {
			return compactOnly(c.Name, c.Value)
		}
		return c.Value != nil && strings.Contains(*c.Value, "delete") && c.Op == kmsg.IncrementalAlterConfigOpSubtract
	}
	info := r.cluster.TopicInfo(res.ResourceName)
	return info != nil && compactOnly(policy, info.Configs[policy])
}

func compactOnly(name string, value *string) bool {
	return name == "cleanup.policy" && value != nil && strings.TrimSpace(*value) == "compact"
}

var topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

// validTopic reports whether Kafka takes the name for a topic.
func validTopic(name string) bool {
	return name != "." && name != ".." && topicName.MatchString(name)
}
