"""A finished run in the files of other programs: ImageJ, QuPath, COCO, Excel, AnnData, RO-Crate."""
