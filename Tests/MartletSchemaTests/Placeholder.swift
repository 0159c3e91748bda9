// Removed by the first real file.
