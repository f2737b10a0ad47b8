// A setup file is read again for every test file; what it imports is not.
import './share_pipelines.ts';
