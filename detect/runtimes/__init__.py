"""The back ends of `yanji.detect.runtime`, one file each."""
