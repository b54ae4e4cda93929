package registry

import (
	"strings"

	"sluice/connect/config"
)

const (
	executorsPrefix  = "rule.executors."
	defaultExecutor  = "_default_"
	environmentOfAll = "ALL"
)

// ruleSet are the data contract rules of a schema. Sluice runs none of them; it
// knows which ones would run, so that no record passes that they should have
// changed or refused.
type ruleSet struct {
	Domain   []rule `json:"domainRules"`
	Encoding []rule `json:"encodingRules"`
	EnableAt string `json:"enableAt"`
}

type rule struct {
	Name      string `json:"name"`
	Mode      string `json:"mode"`
	Type      string `json:"type"`
	OnFailure string `json:"onFailure"`
	Disabled  bool   `json:"disabled"`
}

// rules are the settings that say which rules run.
type rules struct {
	environment string
	overrides   map[string]string // rule.executors.NAME.disabled and .onFailure
}

func readRules(cfg config.Map) rules {
	r := rules{environment: cfg["execution.environment"], overrides: map[string]string{}}
	for k, v := range cfg {
		if strings.HasPrefix(k, executorsPrefix) {
			r.overrides[k] = v
		}
	}
	return r
}

// check refuses a schema with a rule that would run in the mode, WRITE or READ. It
// does what Java does without an executor: the rule fails, and its action for
// failures is an error unless it is NONE.
func (r *rules) check(s *Schema, mode string) error {
	for _, list := range [][]rule{s.rules.Domain, s.rules.Encoding} {
		for i := range list {
			if u := &list[i]; (u.Mode == mode || u.Mode == "WRITEREAD") && !r.disabled(u, s.rules.EnableAt) && r.onFailure(u, mode) != "NONE" {
				return Serialization(nil, "Rule failed: %s. Could not find rule executor of type %s: the schema with id %d has this data contract rule, "+
					"and Sluice runs none; rule.executors.%s.disabled=true passes records without it", u.Name, u.Type, s.ID, u.Name)
			}
		}
	}
	return nil
}

func (r *rules) disabled(u *rule, enabledAt string) bool {
	if v, ok := r.override(u, ".disabled"); ok {
		return strings.EqualFold(v, "true")
	}
	if enabledAt != "" && enabledAt != environmentOfAll && enabledAt != r.environment {
		return true
	}
	return u.Disabled
}

func (r *rules) onFailure(u *rule, mode string) string {
	action, ok := r.override(u, ".onFailure")
	if !ok {
		action = u.OnFailure
	}
	if before, after, two := strings.Cut(action, ","); two && u.Mode == "WRITEREAD" {
		return pick(mode == "WRITE", before, after)
	}
	return action
}

// override looks for the setting of the rule, of its type, and of all.
func (r *rules) override(u *rule, suffix string) (string, bool) {
	for _, name := range []string{u.Name, "_" + u.Type + "_", defaultExecutor} {
		if v, ok := r.overrides[executorsPrefix+name+suffix]; ok {
			return v, true
		}
	}
	return "", false
}
