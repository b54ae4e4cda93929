package dfs

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"os/user"
	"path"
	"strings"
	"time"

	"github.com/colinmarc/hdfs/v2"
	"github.com/colinmarc/hdfs/v2/hadoopconf"
)

// Options say which cluster to connect to, and as whom.
type Options struct {
	// Addresses are host:port of the name nodes, of which one is active.
	Addresses []string
	// Root is the path of the URL, without a slash at its end: all that the sink
	// writes lies below it.
	Root string
	// URL is scheme and host as the user gave them: full names of files begin so.
	URL      string
	User     string
	Kerberos Kerberos
	// Limit bounds one read or write on a connection; 0 is a minute.
	Limit time.Duration

	client hdfs.ClientOptions
}

// defaultPort is that of name nodes.
const defaultPort = "8020"

// Resolve finds the name nodes of a URL, such as hdfs://host:8020/path or
// hdfs://nameservice, with the help of core-site.xml and hdfs-site.xml in confDir,
// which may be empty.
func Resolve(storeURL, confDir string) (Options, error) {
	conf, err := load(confDir)
	if err != nil {
		return Options{}, err
	}
	u, err := url.Parse(storeURL)
	if err != nil {
		return Options{}, fmt.Errorf("store.url: %q is no URL: %w", storeURL, err)
	}
	if u.Scheme != "hdfs" {
		return Options{}, fmt.Errorf("store.url: %q has the scheme %q: only hdfs://HOST:PORT and hdfs://NAMESERVICE are supported", storeURL, u.Scheme)
	}
	if u.Host == "" {
		def, err := url.Parse(cmp.Or(conf["fs.defaultFS"], conf["fs.default.name"]))
		if err != nil || def.Host == "" {
			return Options{}, fmt.Errorf("store.url: %q names no name node, and fs.defaultFS in hadoop.conf.dir (%q) neither", storeURL, confDir)
		}
		u.Host = def.Host
	}
	o := Options{Root: strings.TrimSuffix(path.Clean("/"+u.Path), "/"), URL: "hdfs://" + u.Host, User: currentUser()}
	if o.Addresses, err = addresses(u.Host, conf); err != nil {
		return Options{}, err
	}
	// The library looks for name nodes in these as well, and falls over bad ones.
	conf = maps.Clone(conf)
	maps.DeleteFunc(conf, func(key, _ string) bool { return strings.Contains(key, "fs.default") })
	o.client = hdfs.ClientOptionsFromConf(conf)
	// Here hdfs.authentication.kerberos decides.
	o.client.KerberosClient = nil
	return o, nil
}

// WantsKerberos reports whether core-site.xml in the folder asks for Kerberos.
func WantsKerberos(confDir string) bool {
	conf, err := load(confDir)
	return err == nil && strings.EqualFold(conf["hadoop.security.authentication"], "kerberos")
}

// NameNodePrincipal returns the principal of the name nodes by hdfs-site.xml in
// the folder, or "".
func NameNodePrincipal(confDir string) string {
	conf, err := load(confDir)
	if err != nil {
		return ""
	}
	return conf["dfs.namenode.kerberos.principal"]
}

// load reads the files in the folder. As with the original, a folder that is not
// there is one without settings.
func load(dir string) (hadoopconf.HadoopConf, error) {
	if dir == "" {
		return hadoopconf.HadoopConf{}, nil
	}
	conf, err := hadoopconf.Load(dir)
	if err != nil {
		return nil, fmt.Errorf("hadoop.conf.dir: core-site.xml and hdfs-site.xml cannot be read: %w", err)
	}
	if conf == nil {
		conf = hadoopconf.HadoopConf{}
	}
	return conf, nil
}

// HasConf reports whether the folder has settings.
func HasConf(dir string) bool {
	conf, err := load(dir)
	return err == nil && len(conf) > 0
}

// addresses returns the name nodes of a host or a name service, in the order of
// dfs.ha.namenodes.
func addresses(host string, conf hadoopconf.HadoopConf) ([]string, error) {
	nodes, ha := conf["dfs.ha.namenodes."+host]
	if !ha {
		if single, ok := conf["dfs.namenode.rpc-address."+host]; ok {
			return []string{single}, nil
		}
		if _, _, err := net.SplitHostPort(host); err == nil {
			return []string{host}, nil
		}
		return []string{net.JoinHostPort(strings.Trim(host, "[]"), defaultPort)}, nil
	}
	var found []string
	for node := range strings.SplitSeq(nodes, ",") {
		key := "dfs.namenode.rpc-address." + host + "." + strings.TrimSpace(node)
		address := conf[key]
		if address == "" {
			return nil, fmt.Errorf("hadoop.conf.dir: dfs.ha.namenodes.%s names %q, and %s is missing", host, strings.TrimSpace(node), key)
		}
		found = append(found, address)
	}
	return found, nil
}

// currentUser is the user that a cluster without Kerberos believes us to be.
func currentUser() string {
	if name := os.Getenv("HADOOP_USER_NAME"); name != "" {
		return name
	}
	u, err := user.Current()
	if err != nil {
		return "root"
	}
	return u.Username
}
