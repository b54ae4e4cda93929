package kafka

import (
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"sluice/login"
)

// The login modules that sasl.jaas.config can name.
const (
	plainModule    = "org.apache.kafka.common.security.plain.PlainLoginModule"
	scramModule    = "org.apache.kafka.common.security.scram.ScramLoginModule"
	bearerModule   = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
	kerberosModule = "com.sun.security.auth.module.Krb5LoginModule"
	awsModule      = "software.amazon.msk.auth.iam.IAMLoginModule"
)

// mechanism is a SASL mechanism: its login module, the options of that as a
// person writes them, and what sets the mechanism from the options.
type mechanism struct {
	module, form string
	use          func(b *builder, options map[string]string)
}

const userForm = `username="..." password="..."`

func mechanisms() map[string]mechanism {
	return map[string]mechanism{
		"PLAIN": {plainModule, userForm, withUser(func(b *builder, user, pass string, _ bool) {
			b.add(kgo.SASL(plain.Auth{User: user, Pass: pass}.AsMechanism()))
		})},
		"SCRAM-SHA-256": {scramModule, userForm, withUser(func(b *builder, user, pass string, token bool) {
			b.add(kgo.SASL(scram.Auth{User: user, Pass: pass, IsToken: token}.AsSha256Mechanism()))
		})},
		"SCRAM-SHA-512": {scramModule, userForm, withUser(func(b *builder, user, pass string, token bool) {
			b.add(kgo.SASL(scram.Auth{User: user, Pass: pass, IsToken: token}.AsSha512Mechanism()))
		})},
		"OAUTHBEARER": {bearerModule, `clientId="..." clientSecret="..."`, (*builder).bearer},
		"GSSAPI":      {kerberosModule, `useKeyTab=true keyTab="..." principal="..."`, (*builder).kerberos},
		"AWS_MSK_IAM": {awsModule, "", (*builder).awsIAM},
	}
}

// login sets the SASL mechanism; unset it is GSSAPI, as in Java.
func (b *builder) login() {
	name := strings.ToUpper(str(b, "sasl.mechanism"))
	if name == "" {
		name = "GSSAPI"
	}
	m, ok := mechanisms()[name]
	if !ok {
		b.wrong("sasl.mechanism", "give GSSAPI, PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or AWS_MSK_IAM")
		return
	}
	form := fmt.Sprintf("give %s required %s;", m.module, m.form)
	entry, err := login.ParseEntry(str(b, "sasl.jaas.config"))
	switch {
	case err != nil:
		b.wrong("sasl.jaas.config", form+" ("+err.Error()+")")
	case entry.Module != m.module:
		b.wrong("sasl.jaas.config", form+" (mechanism "+name+" needs this module)")
	case b.handlers(name):
		m.use(b, entry.Options)
	}
}

// withUser sets a mechanism that takes a user and a password.
func withUser(use func(b *builder, user, pass string, token bool)) func(*builder, map[string]string) {
	return func(b *builder, options map[string]string) {
		user, pass := options["username"], options["password"]
		if user == "" || pass == "" {
			b.wrong("sasl.jaas.config", "give "+userForm+" after the flag required (user or password is missing)")
			return
		}
		use(b, user, pass, strings.EqualFold(options["tokenauth"], "true"))
	}
}

// The callback handlers that are known; what they do is done here.
const (
	bearerHandler    = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler"
	oldBearerHandler = "org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerLoginCallbackHandler"
	unsecuredHandler = "org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler"
	awsHandler       = "software.amazon.msk.auth.iam.IAMClientCallbackHandler"
	awsTokenHandler  = "software.amazon.msk.auth.iam.IAMOAuthBearerLoginCallbackHandler"
)

// handlers checks the callback handlers of the mechanism: others are classes
// that cannot be loaded.
func (b *builder) handlers(mechanism string) bool {
	login, client := str(b, "sasl.login.callback.handler.class"), str(b, "sasl.client.callback.handler.class")
	switch {
	case login == "", mechanism == "OAUTHBEARER" && (login == bearerHandler || login == oldBearerHandler || login == unsecuredHandler):
	case login == awsTokenHandler:
		b.wrong("sasl.login.callback.handler.class", "give sasl.mechanism=AWS_MSK_IAM and "+awsModule+" in sasl.jaas.config: it is the same login")
		return false
	default:
		b.wrong("sasl.login.callback.handler.class", noClasses+"; known are, for OAUTHBEARER, "+bearerHandler+" and "+unsecuredHandler)
		return false
	}
	if client == "" || client == awsHandler && mechanism == "AWS_MSK_IAM" {
		return true
	}
	b.wrong("sasl.client.callback.handler.class", noClasses+"; known is, for AWS_MSK_IAM, "+awsHandler)
	return false
}
