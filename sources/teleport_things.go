package sources

import (
	"strings"

	"whence/correlate"
)

// teleportThings are what is done something to, beside servers and their like.
type teleportThings struct {
	Desktop   string `json:"desktop_name"`
	DesktopAt string `json:"desktop_addr"`
	File      string `json:"file_path"`
	Path      string `json:"path"` // of a program too
	List      string `json:"access_list_name"`
	Members   []struct {
		Name string `json:"member_name"`
	} `json:"members"`
	Device struct {
		ID string `json:"device_id"`
	} `json:"device"`
	MFADevice string `json:"mfa_device_uuid"`
	SVID      string `json:"spiffe_id"`
}

// teleportMaxMembers is how many of those that one event adds to a list are told.
const teleportMaxMembers = 100

func (d *teleportDeed) resources(e *correlate.Event, cluster string) {
	l, out := d.teleportLine, d.out
	out.touched(e, "teleport.server", out.within(cluster, or(l.Host, l.ServerID)))
	out.touched(e, "teleport.app", out.within(cluster, l.AppName))
	if l.Database != "" {
		out.touched(e, "teleport.database", strings.TrimSuffix(out.text.Join(cluster, "/", l.Database, "/", l.DBName), "/"))
	}
	out.touched(e, "teleport.kubernetes", out.within(cluster, l.K8s))
	out.touched(e, "aws.iam.role", l.RoleARN)
	out.touched(e, "aws.ec2.instance", l.Instance)
	out.touched(e, "teleport.desktop", out.within(cluster, or(l.Desktop, l.DesktopAt)))
	out.touched(e, "teleport.file", out.within(cluster, or(l.File, l.copied())))
	out.touched(e, "teleport.access_list", out.within(cluster, l.List))
	for i := range l.Members[:min(len(l.Members), teleportMaxMembers)] {
		out.touched(e, "teleport.user", out.within(cluster, l.Members[i].Name))
	}
	out.touched(e, "teleport.device", out.within(cluster, or(l.Device.ID, l.MFADevice)))
	out.touched(e, "teleport.spiffe_id", l.SVID)
	if d.request {
		out.touched(e, "teleport.access_request", out.within(cluster, l.ID))
	}
	if d.thing != "" {
		out.touched(e, d.thing, out.within(cluster, l.Name))
	}
}

// copied is the file that was copied, if one was.
func (l *teleportLine) copied() string {
	if l.Event == "scp" || l.Event == "sftp" {
		return l.Path
	}
	return ""
}
