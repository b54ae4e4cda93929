package kafka

import (
	"strings"
	"testing"
)

// Whatever is set, Plan answers, and what it accepts makes a client; no
// password is in what it says.
func FuzzPlan(f *testing.F) {
	f.Add("linger.ms", "5", "acks", "1")
	f.Add("sasl.jaas.config", plainModule+` required username="u" password="geheim";`, "security.protocol", "SASL_PLAINTEXT")
	f.Add("metadata.max.age.ms", "9223372036854775807", "connections.max.idle.ms", "-9223372036854775808")
	f.Add("fetch.max.bytes", "0", "fetch.max.wait.ms", "0")
	f.Add("request.timeout.ms", "0", "delivery.timeout.ms", "6")
	f.Add("session.timeout.ms", "1", "heartbeat.interval.ms", "1")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		for _, role := range []Role{ProducerRole, ConsumerRole, AdminRole} {
			set := with("group.id", "g", k1, v1, k2, v2)
			if strings.Contains(k1+k2, "location") {
				return // no wandering over the file system
			}
			plan, err := Settings{role, set}.Plan()
			if err != nil {
				for k, v := range set {
					if row, ok := keyTable().find(k); ok && row.kind == password && len(v) > 40 && strings.Contains(err.Error(), v) {
						t.Fatalf("the password of %s is in %v", k, err)
					}
				}
				continue
			}
			cl, err := plan.newClient(nil)
			if err != nil {
				t.Fatalf("%q=%q %q=%q for the %s: %v", k1, v1, k2, v2, role, err)
			}
			cl.Close()
		}
	})
}
