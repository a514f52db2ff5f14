package usecase

// ReadVersion is the version of something that whoever changes it has read. Version is nil when they do not say.
type ReadVersion struct{ Version *int64 }

// IfMatch takes the version that the header of this name has; nil leaves the body's.
func (r *ReadVersion) IfMatch(version *int64) {
	if version != nil {
		r.Version = version
	}
}
