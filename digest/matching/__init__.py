"""What fits whom: the grammar of interests, the analysis of texts, scores and letters; all of it pure."""
