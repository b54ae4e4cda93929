package kafka

import (
	"cmp"
	"os"
	"strings"

	"github.com/jcmturner/gokrb5/v8/client"
	krbconfig "github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/kerberos"
)

// kerberos sets GSSAPI by a keytab. The library renews tickets by itself.
func (b *builder) kerberos(options map[string]string) {
	const form = `give useKeyTab=true keyTab="..." principal="user@REALM"`
	option := func(name string) string { return strings.TrimSpace(options[name]) }
	switch {
	case !strings.EqualFold(option("useKeyTab"), "true"), option("keyTab") == "", option("principal") == "":
		b.wrong("sasl.jaas.config", form+" (only a login by keytab is supported, not by a ticket cache or a password)")
		return
	}
	service := orElse(str(b, "sasl.kerberos.service.name"), option("serviceName"))
	if service == "" {
		b.wrong("sasl.kerberos.service.name", "give the name of the brokers' service, mostly kafka")
		return
	}
	keys, err := keytab.Load(strings.TrimPrefix(option("keyTab"), "file:"))
	if err != nil {
		b.wrong("sasl.jaas.config", form+": the keytab cannot be read: "+err.Error())
		return
	}
	path := cmp.Or(os.Getenv("KRB5_CONFIG"), "/etc/krb5.conf")
	realms, err := krbconfig.Load(path)
	if err != nil {
		b.wrong("sasl.jaas.config", "the settings of Kerberos in "+path+" cannot be read (the environment variable KRB5_CONFIG names another file): "+err.Error())
		return
	}
	user, realm, ok := strings.Cut(option("principal"), "@")
	if !ok {
		realm = realms.LibDefaults.DefaultRealm
	}
	krb := client.NewWithKeytab(user, realm, keys, realms, client.DisablePAFXFAST(true))
	b.add(kgo.SASL(kerberos.Auth{Client: krb, Service: service}.AsMechanismWithClose()))
}
