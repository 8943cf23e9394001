echo member %index%
