"""Pictures of a chart: the spine as SVG, and the data of the plots on one time axis."""
