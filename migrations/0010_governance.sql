-- How a base came to be governed as it is: few events, to be found among many retrievals.
create index knowledge_events_of_governance on knowledge_events (base) where kind in ('KnowledgeBaseRegistered',
  'KnowledgeBasePolicyChanged', 'KnowledgeBasePaused', 'KnowledgeBaseResumed', 'KnowledgeBaseHeld',
  'KnowledgeBaseReleased');
