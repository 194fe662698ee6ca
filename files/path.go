package files

import (
	"strings"
	"unicode"
)

// Fault is what is wrong with a path. README.md says what each is, and vectors in testdata bind both implementations.
type Fault string

// The faults. Symlink is found on the receiver's disk alone.
const (
	FaultAbsolute     Fault = "absolute"
	FaultDotDot       Fault = "dot-dot"
	FaultDot          Fault = "dot"
	FaultEmptyElement Fault = "empty-element"
	FaultBackslash    Fault = "backslash"
	FaultDrive        Fault = "drive"
	FaultControl      Fault = "control"
	FaultDevice       Fault = "device"
	FaultTrailing     Fault = "trailing"
	FaultTooLong      Fault = "too-long"
	FaultDuplicate    Fault = "duplicate"
	FaultFileIsFolder Fault = "file-is-folder"
	FaultTooDeep      Fault = "too-deep"
	FaultFolders      Fault = "too-many-folders"
	FaultSymlink      Fault = "symlink"
)

// sentence says it to people, after the path.
func (f Fault) sentence() string {
	switch f {
	case FaultAbsolute:
		return "is absolute"
	case FaultDotDot:
		return "leads out of its folder"
	case FaultDot:
		return "has an element that is only a dot"
	case FaultEmptyElement:
		return "has an empty element"
	case FaultBackslash:
		return "has a backslash"
	case FaultDrive:
		return "begins with a drive letter"
	case FaultControl:
		return "has a control character"
	case FaultDevice:
		return "is the name of a device on Windows"
	case FaultTrailing:
		return "has a name that ends with a dot or a space"
	case FaultTooLong:
		return "has a name of more than 255 bytes, or more than 4096 in all"
	case FaultDuplicate:
		return "is there twice"
	case FaultFileIsFolder:
		return "is a file and a folder"
	case FaultTooDeep:
		return "is in more than 63 folders, one in the other"
	case FaultFolders:
		return "takes more than 10000 folders, with those before it"
	case FaultSymlink:
		return "leads through a symbolic link"
	}
	return "is not possible"
}

// error is how the other side is told.
func (f Fault) error(path string) *Error {
	return &Error{Code: CodeBadOffer, Text: "bad-path: " + string(f) + ": " + cut(path, 300) + " " + f.sentence()}
}

const (
	maxElement = 255  // bytes: what ext4, APFS and NTFS have in common
	maxPath    = 4096 // bytes
	// Four megabytes of paths could name two million folders that no entry is: each costs an inode, and a round trip to the disk.
	maxDepth   = 64     // elements of a path
	maxFolders = 10_000 // that an offer makes, whether it names them or not
)

// CheckPath says what is wrong with a path by itself, "" if nothing is. The path comes from another machine and becomes a name on this one;
// so what only some systems would take is refused as well: a folder arrives everywhere or nowhere.
func CheckPath(path string) Fault {
	switch {
	case path == "":
		return FaultEmptyElement
	case path[0] == '/':
		return FaultAbsolute
	case strings.ContainsFunc(path, unicode.IsControl):
		return FaultControl
	case strings.ContainsRune(path, '\\'):
		return FaultBackslash
	case len(path) > 1 && path[1] == ':' && (path[0]|0x20) >= 'a' && (path[0]|0x20) <= 'z':
		return FaultDrive
	}
	if strings.Count(path, "/") >= maxDepth {
		return FaultTooDeep
	}
	for element := range strings.SplitSeq(path, "/") {
		switch {
		case element == "":
			return FaultEmptyElement
		case element == ".":
			return FaultDot
		case element == "..":
			return FaultDotDot
		case strings.HasSuffix(element, ".") || strings.HasSuffix(element, " "):
			return FaultTrailing
		case isDevice(element):
			return FaultDevice
		case len(element) > maxElement:
			return FaultTooLong
		}
	}
	if len(path) > maxPath {
		return FaultTooLong
	}
	return ""
}

// isDevice tells the names that Windows finds in every folder, with any extension; the raised digits are its own idea.
func isDevice(element string) bool {
	name, _, _ := strings.Cut(element, ".")
	name = fold(strings.TrimRight(name, " ")) // Turkish and other letters stay what they are
	switch name {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	digit, com := strings.CutPrefix(name, "COM")
	if !com {
		var lpt bool
		if digit, lpt = strings.CutPrefix(name, "LPT"); !lpt {
			return false
		}
	}
	return len([]rune(digit)) == 1 && strings.ContainsAny(digit, "0123456789¹²³")
}

// checkPaths finds the first path that has a fault, by itself or beside the others.
func checkPaths(list []Entry) (path string, fault Fault) {
	folder := make(map[string]bool, len(list)) // by the path in small letters, for many systems know no others
	for _, e := range list {
		if fault := CheckPath(e.Path); fault != "" {
			return e.Path, fault
		}
		key := fold(e.Path)
		if _, twice := folder[key]; twice {
			return e.Path, FaultDuplicate
		}
		folder[key] = e.Folder
	}
	folders := make(map[string]struct{}) // named or not
	for _, e := range list {
		key := fold(e.Path)
		if e.Folder {
			key += "/" // which is one itself
		}
		depth := 0
		for i := range len(key) {
			if key[i] != '/' {
				continue
			}
			depth++
			dir := key[:i]
			if isFolder, there := folder[dir]; there && !isFolder {
				return firstElements(e.Path, depth), FaultFileIsFolder
			}
			if folders[dir] = struct{}{}; len(folders) > maxFolders {
				return e.Path, FaultFolders
			}
		}
	}
	return "", ""
}

// firstElements is the beginning of a path.
func firstElements(path string, n int) string {
	return strings.Join(strings.SplitN(path, "/", n+1)[:n], "/")
}

// cut keeps a text of the other side short.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "…"
}
