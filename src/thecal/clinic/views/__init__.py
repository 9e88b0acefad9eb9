"""One file per page. A view reads the chart, asks the rooms below, and shows; it holds no rule of therapy."""
